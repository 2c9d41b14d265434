#include "ingest/scanner.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <string_view>
#include <system_error>

#include "base/text.hpp"
#include "image/magic.hpp"

namespace findme::ingest {
namespace fs = std::filesystem;
namespace {

constexpr auto kPictureEndings = std::to_array<std::string_view>(
    {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".heic", ".heif", ".hif",
     ".avif", ".ppm", ".pgm", ".tga", ".jp2", ".psd", ".jxl",
     // Raw photos.
     ".cr2", ".cr3", ".nef", ".nrw", ".arw", ".sr2", ".srf", ".dng", ".orf", ".raf", ".rw2", ".raw", ".pef",
     ".srw", ".3fr", ".fff", ".iiq", ".erf", ".mrw", ".x3f", ".rwl", ".dcr", ".kdc"});

bool named_like_a_picture(const fs::path& path) {
    const std::string ending = base::to_lower_ascii(path.extension().native());
    return std::find(kPictureEndings.begin(), kPictureEndings.end(), ending) != kPictureEndings.end();
}

bool begins_like_a_picture(const fs::path& path) {
    std::array<char, 32> head{};
    std::ifstream file(path, std::ios::binary);
    file.read(head.data(), head.size());
    const auto count = static_cast<std::size_t>(file.gcount());
    return image::recognise({reinterpret_cast<const std::uint8_t*>(head.data()), count}).ok();
}

ScanItem unreadable(const fs::path& path, const std::string& why) {
    ScanItem item;
    item.path = path.native();
    item.failed = ErrorInfo{ErrorCode::file_unreadable, "cannot read " + base::quoted(item.path) + ": " + why,
                            item.path};
    return item;
}

ScanItem ignored(const fs::path& path, const std::string& why) {
    ScanItem item;
    item.path = path.native();
    item.ignored = ErrorInfo{ErrorCode::image_unsupported, base::quoted(item.path) + " " + why, item.path};
    return item;
}

ScanItem candidate(const fs::path& path) {
    ScanItem item;
    item.path = path.native();
    if (auto stat = base::stat_regular_file(item.path)) {
        item.stat = *stat;
    } else {
        item.failed = stat.error();
    }
    return item;
}

bool is_within(const fs::path& folder, const fs::path& path) {
    return std::mismatch(folder.begin(), folder.end(), path.begin(), path.end()).first == folder.end();
}

}  // namespace

Scanner::Scanner(std::vector<std::string> paths, MorePaths more)
    : roots_(std::move(paths)), more_(std::move(more)) {
    for (const auto& path : roots_) {
        std::error_code error;
        if (fs::exists(fs::symlink_status(path, error))) continue;
        throw Error(ErrorCode::not_found, "there is no file or folder " + base::quoted(path), path);
    }
}

std::optional<ScanItem> Scanner::next() {
    for (;;) {
        std::optional<ScanItem> item;
        if (!open_.empty()) {
            auto& entries = open_.back().entries;
            if (entries.empty()) {
                open_.pop_back();
                continue;
            }
            const fs::path entry = std::move(entries.back());
            entries.pop_back();
            item = visit(entry);
        } else if (next_root_ < roots_.size()) {
            item = open_root(roots_[next_root_++]);
        } else if (auto path = more_ ? more_() : std::nullopt) {
            item = open_root(*path);
        } else {
            return std::nullopt;
        }
        if (item) return item;
    }
}

std::optional<ScanItem> Scanner::open_root(const std::string& path) {
    std::error_code error;
    const fs::path absolute = fs::absolute(path, error).lexically_normal();
    if (!fs::is_directory(absolute, error)) return candidate(absolute);
    root_ = fs::canonical(absolute, error);
    // "photos/" and "photos" are one folder.
    return enter(absolute.has_filename() ? absolute : absolute.parent_path());
}

std::optional<ScanItem> Scanner::enter(const fs::path& folder) {
    std::error_code error;
    Folder opened;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
        if (!it->path().filename().native().starts_with('.')) opened.entries.push_back(it->path());
    }
    if (error) return unreadable(folder, error.message());
    std::sort(opened.entries.begin(), opened.entries.end(),
              [](const fs::path& a, const fs::path& b) { return a.native() > b.native(); });
    open_.push_back(std::move(opened));
    return std::nullopt;
}

std::optional<ScanItem> Scanner::visit(const fs::path& entry) {
    std::error_code error;
    const auto status = fs::symlink_status(entry, error);
    if (error) return unreadable(entry, error.message());
    if (fs::is_directory(status)) return enter(entry);
    if (fs::is_symlink(status)) {
        const fs::path target = fs::canonical(entry, error);
        if (error) return ignored(entry, "is a link that leads nowhere");
        if (!is_within(root_, target)) return ignored(entry, "is a link that leaves the folder");
        if (!fs::is_regular_file(target, error))
            return ignored(entry, "is a link to something that is not a file");
    } else if (!fs::is_regular_file(status)) {
        return ignored(entry, "is not a regular file");
    }
    if (!named_like_a_picture(entry) && !begins_like_a_picture(entry))
        return ignored(entry, "is not a picture");
    return candidate(entry);
}

bool is_photo(const fs::path& entry) {
    std::error_code error;
    return !entry.filename().native().starts_with('.') &&
           fs::is_regular_file(fs::symlink_status(entry, error)) &&
           (named_like_a_picture(entry) || begins_like_a_picture(entry));
}

std::int64_t count_files(const std::vector<std::string>& paths, const std::stop_token& stop) {
    // The walk proper also looks into files; counting entries is enough to tell how far it is.
    std::int64_t count = 0;
    for (const auto& path : paths) {
        std::error_code error;
        if (!fs::is_directory(path, error)) {
            ++count;
            continue;
        }
        auto it =
            fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, error);
        for (; !error && !stop.stop_requested() && it != fs::recursive_directory_iterator();
             it.increment(error)) {
            const bool hidden = it->path().filename().native().starts_with('.');
            const bool folder = it->is_directory(error) && !it->is_symlink(error);
            if (hidden && folder) it.disable_recursion_pending();
            if (!hidden && !folder) ++count;
        }
    }
    return count;
}

}  // namespace findme::ingest
