#include <catch2/catch.hpp>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "findme/image.hpp"
#include "support/make_image.hpp"
#include "support/processor_time.hpp"

using namespace findme;
using namespace findme::testing;
using namespace std::string_view_literals;

namespace {

/// The error of reading the header; decoding must say the same.
ErrorInfo refusal(const ByteVector& bytes, const ImageLimits& limits = {}) {
    const auto header = read_image_header(bytes, limits);
    REQUIRE_FALSE(header);
    const auto decoded = decode_image(bytes, limits);
    REQUIRE_FALSE(decoded);
    CHECK(decoded.error().message == header.error().message);
    return header.error();
}

ByteVector file_of(std::string_view text) {
    ByteVector bytes(text.begin(), text.end());
    bytes.resize(bytes.size() + 64);
    return bytes;
}

bool says(const ErrorInfo& error, const std::string& text) {
    return error.message.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("image: an empty file is refused as damaged", "[image]") {
    const auto error = refusal({});
    CHECK(error.code == ErrorCode::image_malformed);
    CHECK(says(error, "0 bytes"));
}

TEST_CASE("image: known formats that findme does not decode are refused by name", "[image]") {
    const std::pair<std::string_view, const char*> cases[] = {
        {"GIF89a"sv, "a GIF file"},
        {"BM"sv, "a BMP file"},
        {"\0\0\0\x20"
         "ftypisom"sv,
         "a video"},
        {"\0\0\0\x0cjP  \r\n\x87\n"sv, "a JPEG 2000 file"},
        {"8BPS"sv, "a Photoshop file"},
        {"P6\n4 4\n"sv, "a PNM file"},
        {"\0\0\1\0\1\0"sv, "a Windows icon"},
        {"II*\0\x10\0\0\0CR\2\0"sv, "a raw photo"},
        {"FUJIFILMCCD-RAW"sv, "a raw photo"},
        {"IIU\0\x18\0\0\0"sv, "a raw photo"},
        {"%PDF-1.7"sv, "a PDF file"},
    };
    for (const auto& [magic, name] : cases) {
        const auto error = refusal(file_of(magic));
        CHECK(error.code == ErrorCode::image_unsupported);
        CAPTURE(error.message);
        CHECK(says(error, name));
        CHECK(says(error, "convert it"));
    }
}

TEST_CASE("image: a HEIF file is known by its brands, and is damaged where nothing follows them", "[image]") {
    for (const auto text : {"\0\0\0\x18"
                            "ftypheic"sv,
                            "\0\0\0\x18"
                            "ftypmif1"sv,
                            "\0\0\0\x18"
                            "ftypavif"sv,
                            "\0\0\0\x18"
                            "ftypMiHE\0\0\0\0mif1heic"sv}) {
        const auto error = refusal(file_of(text));
        CHECK(error.code == ErrorCode::image_malformed);
        CHECK(says(error, "a damaged HEIF"));
    }
}

TEST_CASE("image: a file without a known magic is refused as no image", "[image]") {
    for (const auto text : {"hello, world"sv, "\0\0\2\0\0\0\0\0\0\0\0\0"sv /* TGA */, "\xff\xd8"sv, "P"sv}) {
        const auto error = refusal(ByteVector(text.begin(), text.end()));
        CHECK(error.code == ErrorCode::image_unsupported);
        CHECK(says(error, "not a known image format"));
    }
}

TEST_CASE("image: odd variants of known formats are refused by name", "[image]") {
    const Image small = make_picture(16, 16);
    const std::pair<ByteVector, const char*> cases[] = {
        {make_webp(small, WebpKind::animated), "an animated WebP"},
        {make_jpeg(small, JpegKind::two_channels), "a JPEG of 2 channels"},
        {make_tiff(small, TiffKind::float32), "floating-point"},
        {make_tiff(small, TiffKind::fax4), "compression fax"},
        {make_tiff(small, TiffKind::lab), "CIELab"},
        {make_tiff(small, TiffKind::dng), "a raw photo"},
        {make_tiff(small, TiffKind::thumbnail), "thumbnail"},
    };
    for (const auto& [bytes, name] : cases) {
        const auto error = refusal(bytes);
        CAPTURE(error.message);
        CHECK(error.code == ErrorCode::image_unsupported);
        CHECK(says(error, name));
    }
}

TEST_CASE("image: a 65500x65500 JPEG header is refused with the limit and its key", "[image]") {
    const auto error = refusal(jpeg_declaring(make_jpeg(make_picture(16, 16)), 65500, 65500));
    CHECK(error.code == ErrorCode::image_too_large);
    CHECK(error.message == "declares 65500x65500 px, the limit is 30000 px a side (raise image.max_side_px)");
    CHECK(refusal(jpeg_declaring(make_jpeg(make_picture(16, 16)), 65535, 9)).code ==
          ErrorCode::image_too_large);
}

TEST_CASE("image: each limit is named by the message that enforces it", "[image]") {
    const Image small = make_picture(40, 30);
    for (const auto& bytes : {make_jpeg(small), make_png(small), make_webp(small), make_tiff(small)}) {
        ImageLimits limits;
        limits.max_file_bytes = bytes.size() - 1;
        CHECK(says(refusal(bytes, limits), "image.max_file_bytes"));
        limits = {};
        limits.max_side_px = 39;
        CHECK(says(refusal(bytes, limits), "image.max_side_px"));
        limits = {};
        limits.max_pixels = 40 * 30 - 1;
        CHECK(says(refusal(bytes, limits), "image.max_pixels"));
        CHECK(refusal(bytes, limits).code == ErrorCode::image_too_large);

        limits.max_file_bytes = bytes.size();
        limits.max_side_px = 40;
        limits.max_pixels = 40 * 30;
        CHECK(decode_image(bytes, limits));
    }
}

TEST_CASE("image: a progressive JPEG of a thousand scans is refused before it is decoded", "[image]") {
    const auto jpeg = make_jpeg(make_picture(64, 64), JpegKind::progressive);
    const auto error = refusal(jpeg_with_repeated_scan(jpeg, 1000));
    CHECK(error.code == ErrorCode::image_too_large);
    CHECK(says(error, "image.max_jpeg_scans"));

    ImageLimits limits;
    limits.max_jpeg_scans = 3;
    CHECK(says(refusal(jpeg, limits), "the limit is 3"));
}

TEST_CASE("image: a progressive JPEG cut down to one scan is still reckoned with all its coefficients",
          "[image]") {
    auto jpeg = make_jpeg(make_picture(64, 64), JpegKind::progressive);
    const auto marker_after = [&](std::size_t from, auto&& is_it) {
        while (from + 1 < jpeg.size() && !(jpeg[from] == 0xff && is_it(jpeg[from + 1]))) ++from;
        return from;
    };
    const auto scan = marker_after(0, [](int code) { return code == 0xda; });
    const auto end =
        marker_after(scan + 2, [](int code) { return code != 0 && !(code >= 0xd0 && code <= 0xd7); });
    jpeg.resize(end);
    jpeg.insert(jpeg.end(), {0xff, 0xd9});
    const auto header = read_image_header(jpeg, {});
    REQUIRE(header);
    CHECK(header->in_several_scans);
}

TEST_CASE("image: a HEIC file of billions of extents that take no byte is refused at once", "[image]") {
    const auto number = [](std::uint32_t value, int bytes) {
        std::string text;
        while (bytes-- > 0) text += static_cast<char>(value >> (8 * bytes) & 0xffU);
        return text;
    };
    const auto box = [&](const std::string& type, const std::string& content) {
        return number(static_cast<std::uint32_t>(8 + content.size()), 4) + type + content;
    };
    constexpr std::uint32_t kMost = 0xffff;
    std::string locations = number(0, 4) + number(0, 2) + number(kMost, 2);
    for (std::uint32_t item = 0; item < kMost; ++item)
        locations += number(1, 2) + number(0, 2) + number(kMost, 2);
    const std::string file =
        box("ftyp", "heic" + number(0, 4) + "mif1heic") +
        box("meta", number(0, 4) + box("pitm", number(0, 4) + number(1, 2)) + box("iloc", locations));
    const auto before = processor_time();
    const auto error = refusal({file.begin(), file.end()});
    CHECK(says(error, "too many parts"));
    // Whoever counts them all takes many times that; what others do on this machine does not count.
    CHECK(processor_time() - before < std::chrono::seconds{1});
}

TEST_CASE("image: a PNG bomb is refused before any pixel is allocated", "[image]") {
    // Within the limits, but its few bytes cannot unpack to 5000 x 5000.
    const auto error = refusal(png_declaring(make_png(make_picture(64, 64)), 5000, 5000));
    CHECK(error.code == ErrorCode::image_malformed);
    CHECK(says(error, "too short for the size it declares"));
    CHECK(refusal(png_declaring(make_png(make_picture(64, 64)), 0x7fffffff, 0x7fffffff)).code ==
          ErrorCode::image_too_large);
}

TEST_CASE("image: a JPEG too short for its size is refused before any pixel is allocated", "[image]") {
    const auto error = refusal(jpeg_declaring(make_jpeg(make_picture(64, 64)), 5000, 5000));
    CHECK(error.code == ErrorCode::image_malformed);
    CHECK(says(error, "too short for the size it declares"));
}

TEST_CASE("image: zero dimensions are refused as damaged", "[image]") {
    CHECK(refusal(jpeg_declaring(make_jpeg(make_picture(16, 16)), 0, 16)).code == ErrorCode::image_malformed);
    CHECK(refusal(jpeg_declaring(make_jpeg(make_picture(16, 16)), 16, 0)).code == ErrorCode::image_malformed);
    CHECK(refusal(png_declaring(make_png(make_picture(16, 16)), 0, 16)).code == ErrorCode::image_malformed);
}

TEST_CASE("image: a JPEG with damaged coefficients is refused, not shown with invented pixels", "[image]") {
    auto jpeg = make_jpeg(make_picture(64, 64));
    // An end-of-image marker amid the scan: the file looks whole to a reader of markers.
    const std::size_t middle = jpeg.size() - 150;
    jpeg[middle] = 0xff;
    jpeg[middle + 1] = 0xd9;
    const auto result = decode_image(jpeg, {});
    REQUIRE_FALSE(result);
    CHECK(result.error().code == ErrorCode::image_malformed);
}
