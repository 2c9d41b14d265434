#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace findme::confine {

using Environment = std::map<std::string, std::string>;

std::vector<std::string> split_words(std::string_view text);

/// The section [Service] of a unit file, as far as the units of findme use systemd's syntax; anything else
/// throws std::runtime_error rather than being taken for something it is not.
class UnitFile {
  public:
    explicit UnitFile(const std::string& path);

    /// The values of a setting in their order; an empty one takes back those before it.
    [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
    /// The value that counts, empty if there is none.
    [[nodiscard]] std::string last(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const;
    [[nodiscard]] bool is_on(std::string_view name) const;

    /// What the process gets: the caller's, then Environment=, then EnvironmentFile=.
    [[nodiscard]] Environment environment(Environment callers) const;
    /// Each ExecStart= as words, with %i, %d and ${NAME} filled in.
    [[nodiscard]] std::vector<std::vector<std::string>> commands(const Environment& environment) const;

  private:
    [[nodiscard]] std::string with_specifiers(std::string_view text, const Environment& environment) const;

    std::string path_;
    std::vector<std::pair<std::string, std::string>> settings_;
};

}  // namespace findme::confine
