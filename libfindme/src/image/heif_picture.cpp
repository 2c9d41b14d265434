#include "image/heif_picture.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>

#include "image/byte_reader.hpp"
#include "image/failure.hpp"
#include "image/limits.hpp"

namespace findme::image {
namespace {

using namespace std::string_view_literals;

/// What a file may ask of the decoder in all: each tile is decoded once for every place it is named for.
class Work {
  public:
    Work(std::size_t file_bytes, const ImageLimits& limits)
        : pixels_left_(4 * limits.max_pixels + kSmall), bytes_left_(2 * file_bytes + kSmall) {}

    /// False where it is too much.
    bool add(const CodedStill& still) {
        pixels_left_ -= still.coded_px;
        const std::size_t size_bytes = still.item->size_bytes;
        const bool fits = pixels_left_ >= 0 && size_bytes <= bytes_left_;
        bytes_left_ -= fits ? size_bytes : 0;
        return fits;
    }

  private:
    static constexpr std::int64_t kSmall = std::int64_t{1} << 20U;
    std::int64_t pixels_left_;
    std::size_t bytes_left_;
};

struct Grid {
    int columns = 0;
    int rows = 0;
    std::int64_t width_px = 0;
    std::int64_t height_px = 0;
};

/// ISO/IEC 23008-12, 6.6.2.3.2.
std::optional<Grid> read_grid(const HeifItem& item) {
    const std::vector<std::uint8_t> content = item.bytes();
    ByteReader reader(content);
    reader.u8();  // Version.
    const std::size_t size_bytes = (reader.u8() & 1U) != 0 ? 4 : 2;
    Grid grid;
    grid.rows = static_cast<int>(reader.u8()) + 1;
    grid.columns = static_cast<int>(reader.u8()) + 1;
    grid.width_px = static_cast<std::int64_t>(reader.number(size_bytes));
    grid.height_px = static_cast<std::int64_t>(reader.number(size_bytes));
    return reader.ok() ? std::optional(grid) : std::nullopt;
}

/// The items that `from` is made of.
std::vector<std::uint32_t> parts_of(const HeifContainer& container, std::uint32_t from) {
    std::vector<std::uint32_t> all;
    for (const HeifReference& reference : container.references)
        if (reference.from == from && reference.type == four_cc("dimg"))
            all.insert(all.end(), reference.to.begin(), reference.to.end());
    return all;
}

Result<HeifLayer> read_grid_layer(const HeifContainer& container, std::uint32_t id, const HeifItem& item,
                                  const ImageLimits& limits, Work& work) {
    const auto grid = read_grid(item);
    if (!grid) return malformed("HEIF", "its grid of tiles is damaged");
    if (auto refusal = judge_dimensions("HEIF", grid->width_px, grid->height_px, limits))
        return *std::move(refusal);
    const std::vector<std::uint32_t> ids = parts_of(container, id);
    if (ids.size() != static_cast<std::size_t>(grid->columns) * static_cast<std::size_t>(grid->rows))
        return malformed("HEIF", "its grid has not as many tiles as it says");

    HeifLayer layer{.width_px = static_cast<int>(grid->width_px),
                    .height_px = static_cast<int>(grid->height_px),
                    .columns = grid->columns,
                    .tiles = {}};
    std::map<std::uint32_t, CodedStill> judged;  // A tile may be named for many places.
    for (const std::uint32_t tile_id : ids) {
        const auto known = judged.find(tile_id);
        if (known == judged.end()) {
            const HeifItem* tile = container.find(tile_id);
            if (tile == nullptr) return malformed("HEIF", "a tile is missing");
            const auto still = judge_coded_still(*tile, limits);
            if (!still) return still.error();
            judged.emplace(tile_id, *still);
            layer.tiles.push_back(*still);
        } else {
            layer.tiles.push_back(known->second);
        }
        const CodedStill& last = layer.tiles.back();
        if (last.width_px != layer.tiles.front().width_px || last.height_px != layer.tiles.front().height_px)
            return malformed("HEIF", "its tiles are of different sizes");
        if (!work.add(last)) return malformed("HEIF", "it repeats its tiles too often");
    }
    // The last column and row reach to the picture's edge or beyond, and all others lie within it.
    const std::int64_t tile_width = layer.tiles.front().width_px;
    const std::int64_t tile_height = layer.tiles.front().height_px;
    if (tile_width * grid->columns < grid->width_px || tile_width * (grid->columns - 1) >= grid->width_px ||
        tile_height * grid->rows < grid->height_px || tile_height * (grid->rows - 1) >= grid->height_px)
        return malformed("HEIF", "its tiles do not fill the picture");
    return layer;
}

Result<HeifLayer> read_layer(const HeifContainer& container, std::uint32_t id, const ImageLimits& limits,
                             Work& work) {
    const HeifItem* item = container.find(id);
    if (item == nullptr) return malformed("HEIF", "its picture is missing");
    if (item->type == four_cc("iovl")) return unsupported("a HEIF photo laid together of several");
    if (item->type == four_cc("grid")) return read_grid_layer(container, id, *item, limits, work);
    if (item->type == four_cc("iden")) {
        // Another picture, turned or cut. Cameras do not write it, and it may name itself.
        return unsupported("a HEIF photo derived from another one");
    }
    const auto still = judge_coded_still(*item, limits);
    if (!still) return still.error();
    if (!work.add(*still)) return malformed("HEIF", "it repeats its pictures too often");
    return HeifLayer{
        .width_px = still->width_px, .height_px = still->height_px, .columns = 1, .tiles = {*still}};
}

bool is_alpha(const HeifItem& item) {
    const Bytes kind = item.property(four_cc("auxC"));
    return has_text(kind, 4, "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha") ||
           has_text(kind, 4, "urn:mpeg:hevc:2015:auxid:1\0"sv) ||
           has_text(kind, 4, "urn:mpeg:avc:2015:auxid:1\0"sv);
}

bool refers(const HeifReference& reference, std::uint32_t to) {
    return std::find(reference.to.begin(), reference.to.end(), to) != reference.to.end();
}

std::optional<std::uint32_t> find_alpha(const HeifContainer& container) {
    std::set<std::uint32_t> seen;  // One with many properties may be named for ever.
    for (const HeifReference& reference : container.references) {
        if (reference.type != four_cc("auxl") || !refers(reference, container.primary)) continue;
        if (!seen.insert(reference.from).second) continue;
        const HeifItem* item = container.find(reference.from);
        if (item != nullptr && is_alpha(*item)) return reference.from;
    }
    return std::nullopt;
}

/// Of the block that describes the primary picture; the thumbnail's or another picture's tells nothing.
ExifFacts read_heif_exif(const HeifContainer& container) {
    for (const HeifReference& reference : container.references) {
        if (reference.type != four_cc("cdsc") || !refers(reference, container.primary)) continue;
        const HeifItem* item = container.find(reference.from);
        if (item == nullptr || item->type != four_cc("Exif")) continue;
        const std::vector<std::uint8_t> content = item->bytes();
        ByteReader reader(content);
        reader.take(reader.u32());  // What stands before the TIFF structure.
        return read_exif(reader.rest());
    }
    return {};
}

/// ISO/IEC 14496-12, 12.1.4: a clean aperture, in fractions, around the picture's middle. Nothing where it is
/// damaged or empty.
std::optional<HeifCrop> read_crop(Bytes content, const HeifCrop& whole) {
    ByteReader reader(content);
    const auto fraction = [&reader] {
        const auto above = static_cast<std::int32_t>(reader.u32());
        const auto below = static_cast<std::int32_t>(reader.u32());
        return below == 0 ? std::nan("") : double{1.0} * above / below;
    };
    const double width = fraction();
    const double height = fraction();
    const double from_middle_x = fraction();
    const double from_middle_y = fraction();
    const double left = std::floor(from_middle_x + (whole.width_px - width) / 2);
    const double top = std::floor(from_middle_y + (whole.height_px - height) / 2);
    if (!reader.ok() || !(width >= 1 && height >= 1)) return std::nullopt;
    const double right = std::min<double>(left + std::round(width), whole.width_px);
    const double bottom = std::min<double>(top + std::round(height), whole.height_px);
    const double first_x = std::max(left, 0.0);
    const double first_y = std::max(top, 0.0);
    if (!(first_x < right && first_y < bottom)) return std::nullopt;
    return HeifCrop{.left_px = static_cast<int>(first_x),
                    .top_px = static_cast<int>(first_y),
                    .width_px = static_cast<int>(right - first_x),
                    .height_px = static_cast<int>(bottom - first_y)};
}

/// The primary picture's crop, turns and mirrors, in the order in which they stand.
std::optional<ErrorInfo> read_transformations(HeifPicture& picture) {
    constexpr std::array<int, 4> kTurns{1, 8, 3, 6};  // Quarters, anticlockwise.
    constexpr int kMirrorTopToBottom = 4, kMirrorLeftToRight = 2;
    const HeifItem* item = picture.container.find(picture.container.primary);
    picture.crop = {.left_px = 0,
                    .top_px = 0,
                    .width_px = picture.colour.width_px,
                    .height_px = picture.colour.height_px};
    const HeifCrop whole = picture.crop;
    bool is_cropped = false;
    bool says_turns = false;
    for (const HeifProperty& property : item->properties) {
        if (property.type == four_cc("irot") || property.type == four_cc("imir")) {
            ByteReader reader(property.content);
            const std::uint32_t value = reader.u8();
            if (!reader.ok()) return malformed("HEIF", "its rotation is damaged");
            const int step = property.type == four_cc("irot") ? kTurns[value & 3U]
                             : (value & 1U) != 0              ? kMirrorLeftToRight
                                                              : kMirrorTopToBottom;
            picture.orientation = orientation_after(picture.orientation, step);
            says_turns = true;
        } else if (property.type == four_cc("clap")) {
            if (is_cropped || picture.orientation != 1)
                return unsupported("a HEIF photo cropped after it was turned");
            const auto crop = read_crop(property.content, whole);
            if (!crop) return malformed("HEIF", "its crop is damaged");
            picture.crop = *crop;
            is_cropped = true;
        }
    }
    // By the standard the container alone counts, and phones write both. But what converts phones' photos
    // often leaves the pixels as the sensor had them, drops the container's turns and keeps EXIF: there it is
    // the only word.
    if (!says_turns) picture.orientation = picture.exif.orientation;
    return std::nullopt;
}

}  // namespace

int orientation_after(int first, int second) {
    // Where the seen pixel (x, y) is stored, but for the offset: {x of x, x of y, y of x, y of y}, as
    // image::upright walks it.
    using Matrix = std::array<int, 4>;
    constexpr std::array<Matrix, 8> kStored{Matrix{1, 0, 0, 1},   Matrix{-1, 0, 0, 1}, Matrix{-1, 0, 0, -1},
                                            Matrix{1, 0, 0, -1},  Matrix{0, 1, 1, 0},  Matrix{0, 1, -1, 0},
                                            Matrix{0, -1, -1, 0}, Matrix{0, -1, 1, 0}};
    const Matrix& a = kStored[static_cast<std::size_t>(first - 1)];
    const Matrix& b = kStored[static_cast<std::size_t>(second - 1)];
    const Matrix both{a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2],
                      a[2] * b[1] + a[3] * b[3]};
    return static_cast<int>(std::find(kStored.begin(), kStored.end(), both) - kStored.begin()) + 1;
}

Result<HeifPicture> read_heif_picture(Bytes bytes, const ImageLimits& limits) {
    auto container = read_heif_container(bytes);
    if (!container) return container.error();
    HeifPicture picture;
    picture.container = *std::move(container);
    Work work(bytes.size(), limits);
    auto colour = read_layer(picture.container, picture.container.primary, limits, work);
    if (!colour) return colour.error();
    picture.colour = *std::move(colour);
    if (const auto id = find_alpha(picture.container)) {
        auto alpha = read_layer(picture.container, *id, limits, work);
        if (!alpha) return alpha.error();
        if (alpha->width_px != picture.colour.width_px || alpha->height_px != picture.colour.height_px)
            return unsupported("a HEIF photo whose transparency has another size");
        picture.alpha = *std::move(alpha);
        picture.premultiplied = std::any_of(
            picture.container.references.begin(), picture.container.references.end(),
            [&](const HeifReference& reference) {
                return reference.type == four_cc("prem") && reference.from == picture.container.primary;
            });
    }
    picture.exif = read_heif_exif(picture.container);
    if (auto refusal = read_transformations(picture)) return *std::move(refusal);
    return picture;
}

}  // namespace findme::image
