#include "findme/originals.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <optional>
#include <system_error>

#include "base/text.hpp"
#include "db/retry.hpp"
#include "findme/error.hpp"
#include "store/doctor_repository.hpp"
#include "store/photo_repository.hpp"

namespace findme {
namespace {

constexpr std::int64_t kPage = 10'000;

[[noreturn]] void refuse(const std::string& what, const std::string& path, const std::string& photo) {
    throw Error(ErrorCode::invalid_argument,
                "the " + what + " " + base::quoted(path) + " would take the place of the indexed photo " +
                    base::quoted(photo) + ": choose another name",
                photo);
}

/// What tells a file from every other, whatever its names are.
struct FileId {
    dev_t device;
    ino_t inode;
    bool operator==(const FileId&) const = default;
};

std::optional<FileId> regular_file_at(const std::string& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
    return FileId{info.st_dev, info.st_ino};
}

std::optional<std::string> other_name_of(db::Database& database, FileId file) {
    std::int64_t after = 0;
    for (;;) {
        const auto page = db::fetch_retrying(database, [&](db::Connection& connection) {
            return store::list_paths(connection, after, kPage);
        });
        for (const auto& photo : page) {
            if (regular_file_at(photo.path) == file) return photo.path;
            after = photo.id;
        }
        if (page.size() < static_cast<std::size_t>(kPage)) return std::nullopt;
    }
}

}  // namespace

void require_no_original(db::Database& database, const std::string& what, const std::string& path) {
    std::error_code unresolved;
    const auto absolute = std::filesystem::absolute(path, unresolved).lexically_normal();
    const auto real = std::filesystem::weakly_canonical(absolute, unresolved);
    // Also where the photo is not there now: its disk may be out.
    for (const std::string& spelling : {absolute.string(), real.string()}) {
        const bool known = db::fetch_retrying(database, [&](db::Connection& connection) {
            return store::PhotoRepository(connection).is_indexed(spelling);
        });
        if (known) refuse(what, path, spelling);
    }
    const auto file = regular_file_at(path);
    if (!file) return;
    if (const auto photo = other_name_of(database, *file)) refuse(what, path, *photo);
}

}  // namespace findme
