#include "store/migration.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <system_error>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/text.hpp"
#include "findme/error.hpp"

namespace findme::store {
namespace {

constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20U;
constexpr std::size_t kDigits = 4;

/// A file name taken apart; nothing for a name of another kind.
struct FileName {
    std::int64_t version = 0;
    std::string name;
    bool up = false;
};

std::optional<FileName> parse_file_name(const std::string& file) {
    FileName parsed;
    std::string_view rest = file;
    const char* end = rest.data() + std::min(kDigits, rest.size());
    const auto [digits_end, error] = std::from_chars(rest.data(), end, parsed.version);
    if (error != std::errc{} || digits_end != rest.data() + kDigits || parsed.version < 1)
        return std::nullopt;
    rest.remove_prefix(kDigits);
    parsed.up = rest.ends_with(".up.sql");
    if (!parsed.up && !rest.ends_with(".down.sql")) return std::nullopt;
    rest = rest.substr(0, rest.find('.'));
    if (rest.size() < 2 || rest.front() != '_') return std::nullopt;
    parsed.name = rest.substr(1);
    const auto allowed = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    if (!std::all_of(parsed.name.begin(), parsed.name.end(), allowed)) return std::nullopt;
    return parsed;
}

[[noreturn]] void refuse(const std::string& folder, const std::string& why) {
    throw Error(ErrorCode::config_invalid,
                "cannot use the migrations in " + base::quoted(folder) + ": " + why, folder);
}

std::string read_sql(const std::string& path) {
    const auto bytes = base::read_file(path, kMaxFileBytes);
    if (!bytes) throw Error(bytes.error());
    return normalised_sql({reinterpret_cast<const char*>(bytes->data()), bytes->size()});
}

std::vector<std::filesystem::path> files_of(const std::string& folder) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    std::filesystem::directory_iterator entries(folder, error);
    if (error)
        refuse(folder, error.message() + " (give a folder of NNNN_name.up.sql and NNNN_name.down.sql)");
    for (const auto& entry : entries) {
        if (entry.path().extension() == ".sql") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    return files;
}

/// Both halves of a step that were found so far.
struct Halves {
    std::string name;
    std::optional<std::string> up;
    std::optional<std::string> down;
};

void add_file(std::map<std::int64_t, Halves>& steps, const std::filesystem::path& path,
              const std::string& folder) {
    const std::string file = path.filename().string();
    const auto parsed = parse_file_name(file);
    if (!parsed) refuse(folder, base::quoted(file) + " is not named NNNN_name.up.sql or NNNN_name.down.sql");
    Halves& step = steps[parsed->version];
    if (!step.name.empty() && step.name != parsed->name) {
        refuse(folder, "step " + std::to_string(parsed->version) + " is there twice, as " +
                           base::quoted(step.name) + " and as " + base::quoted(parsed->name));
    }
    step.name = parsed->name;
    (parsed->up ? step.up : step.down) = read_sql(path.string());
}

}  // namespace

std::vector<Migration> embedded_migrations(db::Dialect dialect) {
    std::vector<Migration> steps;
    for (const EmbeddedMigration& file : embedded_files(dialect)) {
        steps.push_back({file.version, std::string(file.name), normalised_sql(file.up_sql),
                         normalised_sql(file.down_sql)});
    }
    return steps;
}

std::vector<Migration> load_migrations(const std::string& folder) {
    std::map<std::int64_t, Halves> found;
    for (const auto& path : files_of(folder)) add_file(found, path, folder);
    if (found.empty()) refuse(folder, "it holds no NNNN_name.up.sql");
    std::vector<Migration> steps;
    for (auto& [version, halves] : found) {
        const std::int64_t expected = std::ssize(steps) + 1;
        if (version != expected) {
            refuse(folder,
                   "step " + std::to_string(expected) + " is missing before step " + std::to_string(version));
        }
        if (!halves.up || !halves.down) {
            refuse(folder,
                   "step " + std::to_string(version) + " has no ." + (halves.up ? "down" : "up") + ".sql");
        }
        steps.push_back({version, halves.name, std::move(*halves.up), std::move(*halves.down)});
    }
    return steps;
}

std::string normalised_sql(std::string_view sql) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (sql.starts_with(kByteOrderMark)) sql.remove_prefix(kByteOrderMark.size());
    std::string canonical;
    canonical.reserve(sql.size());
    for (std::size_t i = 0; i < sql.size(); ++i) {
        const bool before_line_feed = sql[i] == '\r' && i + 1 < sql.size() && sql[i + 1] == '\n';
        if (!before_line_feed) canonical.push_back(sql[i] == '\r' ? '\n' : sql[i]);
    }
    return canonical;
}

std::string migration_checksum(std::string_view sql) {
    const std::string canonical = normalised_sql(sql);
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(canonical.data());
    return to_hex(base::sha256({bytes, canonical.size()}));
}

}  // namespace findme::store
