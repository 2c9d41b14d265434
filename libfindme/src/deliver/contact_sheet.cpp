#include "deliver/contact_sheet.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/hash.hpp"
#include "base/part.hpp"
#include "base/text.hpp"
#include "deliver/drawing.hpp"
#include "image/encode_jpeg.hpp"
#include "image/resample.hpp"

namespace findme::deliver {
namespace {

constexpr int kGap_px = 16;
constexpr int kCaption_px = 40;
constexpr int kQuality = 85;
constexpr int kMaxHeight_px = 60'000;  // JPEG ends at 65,500.
constexpr std::uint8_t kPaper = 24;

struct Tile {
    Image picture;
    Box face;
    std::string caption;
};

const Drawing& drawing() {
    static const auto& loaded =
        base::load_part<Drawing>({"drawing", "contact sheets cannot be drawn", "OpenCV's imgproc"});
    return loaded;
}

/// Only what OpenCV's built-in font can draw.
std::string printable(const std::string& text, std::size_t most) {
    std::string safe;
    for (const char c : text.substr(0, most)) safe += c >= ' ' && c <= '~' ? c : '?';
    return safe;
}

Result<Tile> make_tile(const Match& match, int width_px, const ImageLimits& limits) {
    ErrorInfo last{ErrorCode::file_unreadable, "the photo has no path", to_hex(match.photo.hash)};
    for (const auto& path : match.photo.paths) {
        const auto bytes = base::read_file(path, limits.max_file_bytes, base::kRaiseImageLimit);
        if (!bytes) {
            last = bytes.error();
            continue;
        }
        if (base::sha256(*bytes) != match.photo.hash) {
            last = {ErrorCode::file_unreadable,
                    base::quoted(path) + " has changed since it was indexed: run `findme index` again", path};
            continue;
        }
        const auto decoded = decode_image(*bytes, limits, {width_px * 2});
        if (!decoded) {
            last = decoded.error();
            last.message = base::quoted(path) + ": " + last.message;
            last.subject = path;
            continue;
        }
        const auto& image = decoded->image;
        // A panorama on its side may be a hundred times as high as wide: it is fitted into twice the width.
        const double scale =
            std::min(static_cast<double>(width_px) / image.width_px, 2.0 * width_px / image.height_px);
        const int tile_width_px = std::max(1, static_cast<int>(std::lround(image.width_px * scale)));
        const int height_px = std::max(1, static_cast<int>(std::lround(image.height_px * scale)));
        char score[32];
        std::snprintf(score, sizeof score, "  %.0f", match.score);
        const auto name = path.substr(path.find_last_of('/') + 1);
        return Tile{image::resize_area(image, tile_width_px, height_px), match.face.face.box,
                    printable(name, 40) + score};
    }
    return last;
}

Canvas canvas_of(Image& image) {
    return {image.pixels.data(), image.width_px, image.height_px};
}

void draw(Tile& tile, Image& sheet, int left, int top) {
    const auto x = [&](float fraction) {
        return static_cast<int>(std::lround(fraction * static_cast<float>(tile.picture.width_px)));
    };
    const auto y = [&](float fraction) {
        return static_cast<int>(std::lround(fraction * static_cast<float>(tile.picture.height_px)));
    };
    const Canvas canvas = canvas_of(sheet);
    const Canvas picture = canvas_of(tile.picture);
    const auto& face = tile.face;
    if (!drawing().picture(canvas, picture, left, top, x(face.x), y(face.y), x(face.x + face.width),
                           y(face.y + face.height)) ||
        !drawing().text(canvas, tile.caption.c_str(), left + 4,
                        top + picture.height_px + kCaption_px * 2 / 3))
        throw Error(ErrorCode::internal, "OpenCV failed to draw on the contact sheet");
}

}  // namespace

ContactSheetReport draw_contact_sheet(const MatchReport& report, const OutputFile& file,
                                      const ContactSheetRequest& request, const ImageLimits& limits) {
    if (request.columns < 1 || request.columns > 12 || request.tile_width_px < 64 ||
        request.tile_width_px > 2048) {
        throw Error(ErrorCode::invalid_argument, "a contact sheet has 1 to 12 columns of 64 to 2048 px");
    }
    const auto most_rows =
        static_cast<std::size_t>(kMaxHeight_px / (2 * request.tile_width_px + kCaption_px + kGap_px));
    const std::size_t most_tiles =
        std::min(request.max_tiles, most_rows * static_cast<std::size_t>(request.columns));
    ContactSheetReport result;
    std::vector<Tile> tiles;
    for (const auto& match : report.matches) {
        if (tiles.size() == most_tiles) break;
        if (auto tile = make_tile(match, request.tile_width_px, limits)) {
            tiles.push_back(std::move(*tile));
        } else {
            result.failed.push_back(tile.error());
        }
    }
    result.tiles = tiles.size();
    if (tiles.empty()) return result;

    // Rows are as high as their highest picture.
    const auto columns = static_cast<std::size_t>(request.columns);
    std::vector<int> row_height;
    for (std::size_t i = 0; i < tiles.size(); ++i) {
        if (i % columns == 0) row_height.push_back(0);
        row_height.back() = std::max(row_height.back(), tiles[i].picture.height_px + kCaption_px);
    }
    const auto used_columns = static_cast<int>(std::clamp<std::size_t>(tiles.size(), 1, columns));
    Image sheet;
    sheet.width_px = used_columns * (request.tile_width_px + kGap_px) + kGap_px;
    sheet.height_px = kGap_px;
    for (const int height : row_height) sheet.height_px += height + kGap_px;
    sheet.pixels.assign(sheet.stride_bytes() * static_cast<std::size_t>(sheet.height_px), kPaper);
    int top = kGap_px;
    for (std::size_t i = 0; i < tiles.size(); ++i) {
        const auto column = static_cast<int>(i % columns);
        if (i > 0 && column == 0) top += row_height[i / columns - 1] + kGap_px;
        draw(tiles[i], sheet, kGap_px + column * (request.tile_width_px + kGap_px), top);
    }
    file.write(image::encode_jpeg(sheet, kQuality));
    return result;
}

}  // namespace findme::deliver
