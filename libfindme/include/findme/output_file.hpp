#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "findme/export.hpp"

namespace findme {

/// What may be in the place of a file that is to be written.
enum class IfExists {
    refuse,       ///< Nothing.
    replace,      ///< Any file that is nobody's original: who asked for it knows what goes.
    replace_own,  ///< A file that findme itself wrote, and an empty one: for what is written again and again.
};

struct OutputFileRequest {
    std::string path;
    std::string what;  ///< For messages, as in `contact sheet`.
    IfExists if_exists = IfExists::refuse;
    std::string own_beginning = {};        ///< Of replace_own: what findme's own file begins with.
    std::vector<std::string> inputs = {};  ///< Files that the run reads: never replaced, under whatever name.
    bool readable_by_all = false;          ///< Else by its owner alone.
    /// Throws when no file may ever be put at this path; asked at each judgement. May be empty.
    std::function<void(const std::string& path)> require_allowed = {};
};

/// A file that is to be written when the work is done. It is judged before the work, so that hours do not end
/// in a refusal, and again as it is written: what another process put there meanwhile stays.
///
/// A pipe, a terminal and /dev/null are written to as they are (not with replace_own), and so is an open
/// descriptor, as in /dev/stdout. A link is replaced itself, never what it leads to.
/// @threads const; safe to call concurrently.
class FINDME_API OutputFile {
  public:
    /// Judges the place, and tries whether a file can be made there.
    /// @errors throws Error{already_exists} when something is there that may not be replaced,
    ///         Error{invalid_argument} when it is an input or `require_allowed` says so,
    ///         Error{file_unwritable, store_full}.
    explicit OutputFile(OutputFileRequest request);

    /// Old file or new file, never half.
    /// @errors as the constructor.
    void write(std::span<const std::uint8_t> bytes) const;

    [[nodiscard]] const std::string& path() const noexcept { return request_.path; }

  private:
    enum class Place { empty, file, stream };
    [[nodiscard]] Place judge() const;

    OutputFileRequest request_;
};

}  // namespace findme
