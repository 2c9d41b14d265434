#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "findme/image.hpp"
#include "image/bit_reader.hpp"
#include "image/heif_picture.hpp"
#include "support/make_heif.hpp"
#include "support/make_image.hpp"
#include "support/resources.hpp"

using namespace findme;
using namespace findme::testing;

namespace {

/// Which is visible, and a failure where everything is meant to be there.
bool no_encoder(HeifCoding coding) {
    if (can_encode(coding)) return false;
    skip_or_fail(coding == HeifCoding::av1 ? "libheif has no AV1 encoder" : "libheif has no HEVC encoder");
    return true;
}

/// Cut out of `image`.
Image part_of(const Image& image, int left, int top, int width, int height) {
    Image out{.width_px = width, .height_px = height, .pixels = {}};
    for (int y = top; y < top + height; ++y)
        out.pixels.insert(out.pixels.end(), image.row(y) + left * 3, image.row(y) + (left + width) * 3);
    return out;
}

ErrorInfo refusal(const ByteVector& bytes, const ImageLimits& limits = {}) {
    const auto header = read_image_header(bytes, limits);
    REQUIRE_FALSE(header);
    CHECK(decode_image(bytes, limits).error().message == header.error().message);
    return header.error();
}

bool says(const ErrorInfo& error, const std::string& text) {
    return error.message.find(text) != std::string::npos;
}

/// The turns and mirrors that do what an EXIF orientation does.
std::vector<HeifBox> turned_as(int orientation) {
    switch (orientation) {
        case 2:
            return {imir(1)};
        case 3:
            return {irot(2)};
        case 4:
            return {imir(0)};
        case 5:
            return {irot(3), imir(1)};
        case 6:
            return {irot(3)};
        case 7:
            return {irot(1), imir(1)};
        case 8:
            return {irot(1)};
        default:
            return {};
    }
}

}  // namespace

TEST_CASE("heif: HEIC and AVIF decode to the picture", "[image]") {
    const Image picture = make_picture(96, 70);
    for (const auto& [coding, format] : {std::pair{HeifCoding::hevc, ImageFormat::heic},
                                         {HeifCoding::hevc_ten_bits, ImageFormat::heic},
                                         {HeifCoding::av1, ImageFormat::avif}}) {
        if (no_encoder(coding)) continue;
        CAPTURE(static_cast<int>(coding));
        const auto result = decode_image(make_heif(picture, coding), {}).value();
        CHECK(result.header.format == format);
        CHECK(result.header.width_px == 96);
        CHECK(result.header.height_px == 70);
        CHECK(result.header.orientation == 1);
        CHECK(result.header.decoder_px >= 96 * 70);
        CHECK(result.header.decoder_px <= 96 * 80);  // HEVC codes whole blocks.
        CHECK(difference(result.image, picture).mean < 2);
        CHECK(difference(result.image, picture).largest < 12);
    }
}

TEST_CASE("heif: ten bits a sample are rounded, white stays white and black black", "[image]") {
    if (no_encoder(HeifCoding::hevc_ten_bits)) return;
    for (const std::uint8_t value : {std::uint8_t{0}, std::uint8_t{127}, std::uint8_t{255}}) {
        Image flat = make_picture(64, 64);
        std::fill(flat.pixels.begin(), flat.pixels.end(), value);
        CHECK(difference(decode_image(make_heif(flat, HeifCoding::hevc_ten_bits), {}).value().image, flat)
                  .largest <= 1);
    }
}

TEST_CASE("heif: a picture without chroma decodes to grey", "[image]") {
    if (no_encoder(HeifCoding::hevc_grey)) return;
    Image picture = make_picture(96, 70);
    const auto bytes = make_heif(picture, HeifCoding::hevc_grey);
    for (std::size_t i = 0; i < picture.pixels.size(); i += 3)
        picture.pixels[i + 1] = picture.pixels[i + 2] = picture.pixels[i];
    CHECK(difference(decode_image(bytes, {}).value().image, picture).mean < 2);
}

TEST_CASE("heif: the file's own turns and mirrors make the picture upright, once", "[image]") {
    if (no_encoder(HeifCoding::hevc)) return;
    const Image seen = make_picture(150, 82);
    for (int orientation = 1; orientation <= 8; ++orientation) {
        CAPTURE(orientation);
        const Image stored = stored_under(seen, orientation);
        // Phones write EXIF's orientation as well: it is a copy, not a second turn.
        const ByteVector exif = make_exif({.orientation = orientation});
        const auto result =
            decode_image(make_heif(stored, HeifCoding::hevc, turned_as(orientation), exif), {}).value();
        CHECK(result.header.orientation == orientation);
        CHECK(result.header.width_px == stored.width_px);
        CHECK(difference(result.image, seen).mean < 2);
        const auto tiled = decode_image(make_tiled_heif(stored, turned_as(orientation)), {}).value();
        CHECK(tiled.header.decoder_px == 64 * 64);
        CHECK(difference(tiled.image, seen).mean < 2);
    }
}

TEST_CASE("heif: EXIF's orientation counts where the container has no turns of its own", "[image]") {
    // Seen in a phone's photo that a computer had converted: pixels as the sensor had them, no rotation in
    // the container, 6 in EXIF. It was shown lying on its side, where no face is found.
    if (no_encoder(HeifCoding::hevc)) return;
    const Image seen = make_picture(96, 70);
    const auto exif = make_exif({.orientation = 6});
    const auto stored = encode_picture(stored_under(seen, 6));
    const auto file_with = [&](std::vector<HeifBox> properties) {
        HeifFile file;
        file.add_exif(exif, file.add_picture(stored, std::move(properties)));
        return decode_image(file.bytes(), {}).value();
    };
    CHECK(file_with({}).header.orientation == 6);
    CHECK(difference(file_with({}).image, seen).mean < 2);
    CHECK(difference(file_with({irot(3)}).image, seen).mean < 2);
    // A rotation by nothing is a word too.
    CHECK(file_with({irot(0)}).header.orientation == 1);
}

TEST_CASE("heif: two orientations after each other are the one that does both", "[image]") {
    const Image picture = make_picture(5, 3);
    for (int first = 1; first <= 8; ++first)
        for (int second = 1; second <= 8; ++second) {
            const Image stored = stored_under(stored_under(picture, second), first);
            CHECK(stored_under(picture, image::orientation_after(first, second)).pixels == stored.pixels);
        }
}

TEST_CASE("heif: odd sizes come as a crop of even ones, and the crop comes before the turn", "[image]") {
    if (no_encoder(HeifCoding::hevc)) return;
    const Image coded = make_picture(98, 72);
    const Image shown = part_of(coded, 2, 5, 95, 67);
    const auto crop = clap(98, 72, 2, 5, 95, 67);
    const auto result = decode_image(make_heif(coded, HeifCoding::hevc, {crop}), {}).value();
    CHECK(result.header.width_px == 95);
    CHECK(result.header.height_px == 67);
    CHECK(difference(result.image, shown).mean < 2);

    const auto turned = decode_image(make_heif(coded, HeifCoding::hevc, {crop, irot(1)}), {}).value();
    CHECK(turned.image.width_px == 67);
    CHECK(difference(turned.image, decode_image(make_png(shown), {}).value().image).mean == 256);
    CHECK(difference(stored_under(turned.image, 8), shown).mean < 2);

    const auto tiled = make_tiled_heif(make_picture(203, 131), {clap(203, 131, 70, 1, 101, 129)});
    CHECK(difference(decode_image(tiled, {}).value().image, part_of(make_picture(203, 131), 70, 1, 101, 129))
              .mean < 2);
    CHECK(says(refusal(make_heif(coded, HeifCoding::hevc, {irot(1), crop})), "cropped after it was turned"));
    CHECK(refusal(make_heif(coded, HeifCoding::hevc, {clap(98, 72, 200, 0, 10, 10)})).code ==
          ErrorCode::image_malformed);
}

TEST_CASE("heif: a picture of tiles decodes to the whole, its last tiles cut", "[image]") {
    if (no_encoder(HeifCoding::hevc)) return;
    for (const auto& [width, height] : {std::pair{203, 131}, {128, 128}, {65, 64}, {1, 70}}) {
        const Image picture = make_picture(width, height);
        CHECK(difference(decode_image(make_tiled_heif(picture), {}).value().image, picture).mean < 2);
    }
}

TEST_CASE("heif: transparency is laid over white", "[image]") {
    if (no_encoder(HeifCoding::hevc)) return;
    const Image picture = make_picture(96, 70);
    Image half = picture;
    std::fill(half.pixels.begin(), half.pixels.end(), 128);
    Image expected = picture;
    for (auto& value : expected.pixels) value = static_cast<std::uint8_t>((value * 128 + 255 * 127) / 255);
    for (const HeifCoding coding : {HeifCoding::hevc_grey, HeifCoding::hevc}) {
        HeifFile file;
        file.add_picture(encode_picture(picture));
        const unsigned alpha = file.add_picture(encode_picture(half, coding), {alpha_mark()});
        file.links.push_back({"auxl", alpha, {1}});
        CHECK(difference(decode_image(file.bytes(), {}).value().image, expected).mean < 2);

        // Premultiplied: only the paper is missing.
        file.links.push_back({"prem", 1, {alpha}});
        Image lightened = picture;
        for (auto& value : lightened.pixels) value = static_cast<std::uint8_t>(std::min(255, value + 127));
        CHECK(difference(decode_image(file.bytes(), {}).value().image, lightened).mean < 2);
    }
    HeifFile file;
    file.add_picture(encode_picture(picture));
    file.links.push_back(
        {"auxl", file.add_picture(encode_picture(make_picture(64, 64)), {alpha_mark()}), {1}});
    CHECK(says(refusal(file.bytes()), "transparency has another size"));
}

TEST_CASE("heif: capture time is the primary picture's, not another's", "[image]") {
    if (no_encoder(HeifCoding::hevc)) return;
    HeifFile file;
    const auto picture = encode_picture(make_picture(64, 64));
    file.add_picture(picture);
    file.add_picture(picture);
    file.add_exif(make_exif({.original = "2020:01:01 00:00:00"}), 1);
    file.add_exif(make_exif({.original = "2024:05:31 18:04:59", .original_offset = "+02:00"}), 2);
    file.primary = 2;
    const auto time = read_image_header(file.bytes(), {}).value().captured_at;
    REQUIRE(time);
    CHECK(to_iso8601(*time) == "2024-05-31T16:04:59.000Z");
}

TEST_CASE("heif: the photo is decoded, never the thumbnail in it", "[image]") {
    if (no_encoder(HeifCoding::hevc)) return;
    HeifFile file;
    file.add_picture(encode_picture(make_picture(64, 64)));
    file.add_picture(encode_picture(make_picture(96, 70)));
    file.links.push_back({"thmb", 1, {2}});
    file.primary = 2;
    CHECK(decode_image(file.bytes(), {}, {.enough_long_side_px = 32}).value().image.width_px == 96);
}

TEST_CASE("heif: each limit is judged by the coded picture's own header", "[image]") {
    if (no_encoder(HeifCoding::hevc)) return;
    const Image picture = make_picture(96, 70);
    for (const auto coding : {HeifCoding::hevc, HeifCoding::av1}) {
        if (no_encoder(coding)) continue;
        const auto bytes = make_heif(picture, coding);
        ImageLimits limits;
        limits.max_file_bytes = bytes.size() - 1;
        CHECK(says(refusal(bytes, limits), "image.max_file_bytes"));
        limits = {};
        limits.max_side_px = 95;
        CHECK(says(refusal(bytes, limits), "image.max_side_px"));
        limits = {};
        limits.max_pixels = 96 * 70 - 1;
        CHECK(refusal(bytes, limits).code == ErrorCode::image_too_large);
        CHECK(says(refusal(bytes, limits), "image.max_pixels"));
        // An HEVC picture is coded in whole blocks: 96 x 80, of which 70 rows are shown.
        limits.max_pixels = 96 * 80;
        const auto result = decode_image(bytes, limits);
        if (!result) FAIL_CHECK(result.error().message);
    }
}

TEST_CASE("heif: a grid that declares too much, or does not fit its tiles, is refused at once", "[image]") {
    if (no_encoder(HeifCoding::hevc)) return;
    const auto tile = encode_picture(make_picture(64, 64));
    const auto grid = [&tile](unsigned rows, unsigned columns, unsigned width_px, unsigned height_px,
                              std::size_t tiles) {
        HeifFile file;
        file.add({"grid", grid_of(rows, columns, width_px, height_px), {}, true});
        file.add_picture(tile);
        file.links.push_back({"dimg", 1, std::vector<unsigned>(tiles, 2)});
        return file.bytes();
    };
    CHECK(decode_image(grid(2, 2, 128, 100, 4), {}));  // One tile in four places.
    CHECK(refusal(grid(1, 1, 65'500, 64, 1)).code == ErrorCode::image_too_large);
    CHECK(refusal(grid(256, 256, 0xffffffffU, 0xffffffffU, 4)).code == ErrorCode::image_too_large);
    CHECK(says(refusal(grid(2, 2, 128, 128, 3)), "not as many tiles"));
    CHECK(says(refusal(grid(2, 2, 129, 128, 4)), "do not fill"));
    CHECK(says(refusal(grid(2, 2, 128, 64, 4)), "do not fill"));
    CHECK(refusal(grid(1, 1, 0, 64, 1)).code == ErrorCode::image_malformed);

    HeifFile of_itself;
    of_itself.add({"grid", grid_of(1, 1, 64, 64), {}, true});
    of_itself.links.push_back({"dimg", 1, {1}});
    CHECK_FALSE(read_image_header(of_itself.bytes(), {}));
}

TEST_CASE("heif: a tile repeated all over a grid costs no more than the file allows", "[image]") {
    if (no_encoder(HeifCoding::hevc)) return;
    auto tile = encode_picture(make_picture(64, 64));
    // Two megabytes of filler that each of 256 places would have to be fed.
    ByteVector filler(2'000'000, 1);
    const auto size = static_cast<std::uint32_t>(filler.size());
    for (const unsigned shift : {24U, 16U, 8U, 0U})
        tile.data.push_back(static_cast<std::uint8_t>(size >> shift));
    filler[0] = 38 << 1;  // A NAL unit of filler data.
    tile.data.insert(tile.data.end(), filler.begin(), filler.end());
    HeifFile file;
    file.add({"grid", grid_of(16, 16, 1024, 1024), {}, true});
    file.add_picture(tile);
    file.links.push_back({"dimg", 1, std::vector<unsigned>(256, 2)});
    CHECK(says(refusal(file.bytes()), "repeats its tiles"));
}

TEST_CASE("heif: a video in a picture's place is refused by name", "[image]") {
    if (no_encoder(HeifCoding::hevc)) return;
    auto picture = encode_picture(make_picture(64, 64));
    picture.data.insert(picture.data.end(), picture.data.begin(), picture.data.end());
    HeifFile file;
    file.add_picture(picture);
    CHECK(says(refusal(file.bytes()), "holds a video"));
}

TEST_CASE("heif: what the decoder holds is reckoned whole, however little of it is shown", "[image]") {
    if (no_encoder(HeifCoding::hevc)) return;
    const Image giant = make_picture(640, 480);
    const auto header =
        read_image_header(make_heif(giant, HeifCoding::hevc, {clap(640, 480, 300, 200, 2, 1)}), {}).value();
    CHECK(header.width_px == 2);
    CHECK(header.decoder_px == 640 * 480);
    CHECK(decoding_bytes(header, {}) >= std::size_t{640} * 480 * 13);

    // Transparency in one piece over a picture of tiles.
    HeifFile file;
    file.add({"grid", grid_of(1, 2, 128, 64), {}, true});
    file.add_picture(encode_picture(make_picture(64, 64)));
    file.links.push_back({"dimg", 1, {2, 2}});
    file.links.push_back(
        {"auxl",
         file.add_picture(encode_picture(make_picture(128, 64), HeifCoding::hevc_grey), {alpha_mark()}),
         {1}});
    CHECK(read_image_header(file.bytes(), {}).value().decoder_px == 128 * 64);
}

namespace {

/// A picture whose only slice is of another kind than the encoder's, which begins a sequence of its own.
CodedPicture with_slice_type(unsigned type) {
    auto picture = encode_picture(make_picture(64, 64));
    for (std::size_t at = 0; at + 5 < picture.data.size();) {
        std::size_t size = 0;
        for (std::size_t i = 0; i < 4; ++i) size = size << 8U | picture.data[at + i];
        std::uint8_t& head = picture.data[at + 4];
        if (head >> 1U < 32) head = static_cast<std::uint8_t>(type << 1U | (head & 0x81U));
        at += 4 + size;
    }
    return picture;
}

ByteVector file_of(const CodedPicture& picture) {
    HeifFile file;
    file.add_picture(picture);
    return file.bytes();
}

}  // namespace

TEST_CASE(
    "heif: a picture that is predicted from others is refused, and one that may refer to them counts them",
    "[image]") {
    if (no_encoder(HeifCoding::hevc)) return;
    for (const unsigned type : {0U, 1U, 9U, 15U, 24U})
        CHECK(says(refusal(file_of(with_slice_type(type))), "holds a video"));
    for (const unsigned type : {19U, 20U})
        CHECK(read_image_header(file_of(with_slice_type(type)), {}).value().decoder_px == 64 * 64);
    for (const unsigned type : {16U, 18U, 21U})
        CHECK(read_image_header(file_of(with_slice_type(type)), {}).value().decoder_px == 17 * 64 * 64);
}

TEST_CASE("heif: what a picture may refer to is memory, and no work", "[image]") {
    if (no_encoder(HeifCoding::hevc)) return;
    HeifFile file;
    file.add({"grid", grid_of(16, 16, 1024, 1024), {}, true});
    file.add_picture(with_slice_type(21));
    file.links.push_back({"dimg", 1, std::vector<unsigned>(256, 2)});
    ImageLimits limits;
    limits.max_pixels = 1024 * 1024;
    CHECK(read_image_header(file.bytes(), limits).value().decoder_px == 17 * 64 * 64);
}

TEST_CASE("heif: codecs and derived pictures that findme does not decode are refused by name", "[image]") {
    const std::pair<const char*, const char*> cases[] = {
        {"unci", "without compression"}, {"j2k1", "JPEG 2000"},
        {"jpeg", "coded as JPEG"},       {"vvc1", "\"vvc1\""},
        {"iovl", "laid together"},       {"iden", "derived from"}};
    for (const auto& [type, name] : cases) {
        HeifFile file;
        file.add({type, ByteVector(40)});
        const auto error = refusal(file.bytes());
        CAPTURE(error.message);
        CHECK(error.code == ErrorCode::image_unsupported);
        CHECK(says(error, name));
    }
}

TEST_CASE("heif: a picture that is missing or lies outside the file is damage", "[image]") {
    if (no_encoder(HeifCoding::hevc)) return;
    HeifFile file;
    file.add_picture(encode_picture(make_picture(64, 64)));
    file.primary = 7;
    CHECK(says(refusal(file.bytes()), "missing"));
    file.primary = 1;
    auto bytes = file.bytes();
    bytes.pop_back();
    CHECK(refusal(bytes).code == ErrorCode::image_malformed);
    file.parts[0].data.clear();
    CHECK(refusal(file.bytes()).code == ErrorCode::image_malformed);
    file.parts[0].properties.clear();
    CHECK(refusal(file.bytes()).code == ErrorCode::image_malformed);
}

TEST_CASE("heif: numbers of a coded header are read bit by bit and end with the bytes", "[image]") {
    const ByteVector bytes{0b1'010'011'0, 0b0100'0000};
    image::BitReader reader(bytes);
    CHECK(reader.golomb() == 0);
    CHECK(reader.golomb() == 1);
    CHECK(reader.golomb() == 2);
    CHECK(reader.golomb() == 3);
    CHECK(reader.ok());
    CHECK(reader.golomb() == 0);
    CHECK_FALSE(reader.ok());
    const ByteVector zeros(16);
    image::BitReader endless(zeros);
    CHECK(endless.golomb() == 0);
    CHECK_FALSE(endless.ok());
}
