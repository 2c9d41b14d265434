#include "findme/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "base/file.hpp"
#include "base/file_descriptor.hpp"
#include "base/text.hpp"
#include "findme/error.hpp"

namespace findme {
namespace {

using base::FileDescriptor;

std::string named(const OutputFileRequest& request) {
    return "the " + request.what + " " + base::quoted(request.path);
}

[[noreturn]] void fail(const OutputFileRequest& request, const std::string& why,
                       ErrorCode code = ErrorCode::file_unwritable) {
    throw Error(code,
                "cannot write " + named(request) + ": " + why +
                    " (name a file in a folder that is there and writable)",
                request.path);
}

[[noreturn]] void fail(const OutputFileRequest& request, int error) {
    const bool full = error == ENOSPC || error == EDQUOT;
    fail(request, std::generic_category().message(error),
         full ? ErrorCode::store_full : ErrorCode::file_unwritable);
}

[[noreturn]] void refuse_existing(const OutputFileRequest& request) {
    const bool own = request.if_exists == IfExists::replace_own;
    throw Error(
        ErrorCode::already_exists,
        named(request) + (own ? " would replace a file that findme did not write: choose another name"
                              : " exists already: choose another name, or have it replaced with --force"),
        request.path);
}

/// /dev/stdout, /dev/fd/4 and what else names an open descriptor, however many links lead there.
bool is_open_descriptor(const std::filesystem::path& path) {
    constexpr int kMostLinks = 40;  // As many as the kernel follows.
    std::filesystem::path at = path;
    std::error_code error;
    for (int i = 0; i < kMostLinks && std::filesystem::is_symlink(at, error); ++i) {
        const auto folder = at.has_parent_path() ? at.parent_path() : std::filesystem::path(".");
        const auto real = std::filesystem::canonical(folder, error);
        if (!error && real.string().starts_with("/proc/") && real.filename() == "fd") return true;
        const auto next = std::filesystem::read_symlink(at, error);
        if (error) return false;
        at = folder / next;
    }
    return false;
}

void refuse_inputs(const OutputFileRequest& request) {
    for (const std::string& input : request.inputs) {
        std::error_code missing;
        if (!std::filesystem::equivalent(request.path, input, missing)) continue;
        throw Error(ErrorCode::invalid_argument,
                    named(request) + " would overwrite " + base::quoted(input) +
                        ", which this run reads: choose another name",
                    input);
    }
}

/// Also an empty one: there is nothing in it to lose.
bool is_own(const OutputFileRequest& request) {
    const FileDescriptor file(::open(request.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file.ok()) fail(request, errno);
    std::string beginning(request.own_beginning.size(), '\0');
    std::size_t size = 0;
    while (size < beginning.size()) {
        const ssize_t got = ::read(file.get(), beginning.data() + size, beginning.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) fail(request, errno);
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    return size == 0 || beginning == request.own_beginning;
}

/// Waits for a reader where it is a pipe.
void write_stream(const OutputFileRequest& request, std::span<const std::uint8_t> bytes) {
    const FileDescriptor file(::open(request.path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY));
    if (!file.ok()) fail(request, errno);
    for (std::size_t done = 0; done < bytes.size();) {
        const ssize_t put = ::write(file.get(), bytes.data() + done, bytes.size() - done);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) fail(request, errno);
        done += static_cast<std::size_t>(put);
    }
}

/// Whether a file could be made there at all; leaves nothing behind.
void try_folder(const OutputFileRequest& request) {
    std::string temporary = request.path + ".XXXXXX";
    const FileDescriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
    if (!file.ok()) fail(request, errno);
    ::unlink(temporary.c_str());
}

}  // namespace

OutputFile::OutputFile(OutputFileRequest request) : request_(std::move(request)) {
    if (judge() != Place::stream) try_folder(request_);
}

OutputFile::Place OutputFile::judge() const {
    if (request_.path.empty())
        throw Error(ErrorCode::invalid_argument, "the " + request_.what + " needs a file name");
    refuse_inputs(request_);
    if (request_.require_allowed) request_.require_allowed(request_.path);
    struct stat there {};
    if (::lstat(request_.path.c_str(), &there) != 0) {
        if (errno != ENOENT) fail(request_, errno);
        return Place::empty;
    }
    const bool streams = request_.if_exists != IfExists::replace_own;
    if (streams && is_open_descriptor(request_.path)) return Place::stream;
    struct stat target {};
    const bool leads_nowhere = ::stat(request_.path.c_str(), &target) != 0;
    if (!leads_nowhere && !S_ISREG(target.st_mode)) {
        if (streams && (S_ISFIFO(target.st_mode) || S_ISCHR(target.st_mode))) return Place::stream;
        fail(request_, "what is there is no regular file");
    }
    const bool may_replace =
        request_.if_exists == IfExists::replace ||
        (request_.if_exists == IfExists::replace_own && !leads_nowhere && is_own(request_));
    if (!may_replace) refuse_existing(request_);
    return Place::file;
}

void OutputFile::write(std::span<const std::uint8_t> bytes) const {
    const auto readable = request_.readable_by_all ? base::Readable::by_all : base::Readable::by_owner;
    const auto put = [&](Place place) {
        if (place == Place::stream) return write_stream(request_, bytes);
        const bool is_new = place == Place::empty;
        base::write_file_atomically(request_.path, bytes, readable,
                                    is_new ? base::IfThere::refuse : base::IfThere::replace);
    };
    try {
        put(judge());
    } catch (const Error& error) {
        if (error.code() != ErrorCode::already_exists) throw;
        // Somebody was quicker: what is there now is judged like what was there before.
        put(judge());
    }
}

}  // namespace findme
