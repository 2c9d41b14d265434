#include "image/jpeg.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "image/codec.hpp"
#include "image/jpeg_kernels.hpp"
#include "support/make_image.hpp"
#include "support/resources.hpp"
#include "support/slow.hpp"

using namespace findme;
using namespace findme::testing;
using image::JpegTarget;

namespace {

constexpr int kDivisors[] = {1, 2, 4, 8};

/// All kernels that this processor runs, the portable ones first.
std::vector<const image::JpegKernels*> all_kernels() {
    std::vector<const image::JpegKernels*> found{image::jpeg_kernels(JpegTarget::portable)};
    if (const auto* avx2 = image::jpeg_kernels(JpegTarget::avx2)) found.push_back(avx2);
    return found;
}

/// Our decoder takes the file and gives libjpeg's pixels, at every scale and with all kernels.
void check_same_pixels(const ByteVector& jpeg) {
    for (const int divisor : kDivisors) {
        CAPTURE(divisor);
        const auto expected = image::read_jpeg_with_libjpeg(jpeg, divisor).value();
        for (const auto* kernels : all_kernels()) {
            CAPTURE(kernels->lanes);
            const auto decoded = image::read_jpeg_with(*kernels, jpeg, divisor);
            REQUIRE(decoded);
            REQUIRE(decoded->width_px == expected.width_px);
            REQUIRE(decoded->height_px == expected.height_px);
            const auto apart = difference(*decoded, expected);
            REQUIRE(apart.largest <= 2);
            REQUIRE(apart.mean < 0.2);
        }
    }
}

bool is_declined(const ByteVector& jpeg) {
    return std::none_of(std::begin(kDivisors), std::end(kDivisors), [&jpeg](int divisor) {
        return image::read_jpeg_with(image::best_jpeg_kernels(), jpeg, divisor).has_value();
    });
}

/// Whatever our decoder takes, libjpeg takes too; and all kernels agree, to the last bit.
/// @return  whether it was taken.
bool check_verdict(const ByteVector& bytes, int divisor) {
    const auto reference = image::read_jpeg_with(*image::jpeg_kernels(JpegTarget::portable), bytes, divisor);
    for (const auto* kernels : all_kernels()) {
        const auto decoded = image::read_jpeg_with(*kernels, bytes, divisor);
        if (decoded.has_value() != reference.has_value()) FAIL("the kernels do not agree on the file");
        if (decoded && decoded->pixels != reference->pixels) FAIL("the kernels do not agree on the pixels");
    }
    if (reference && !image::read_jpeg_with_libjpeg(bytes, divisor).ok()) FAIL("libjpeg refuses the file");
    return reference.has_value();
}

std::size_t place_of(const ByteVector& jpeg, std::uint8_t marker) {
    for (std::size_t i = 0; i + 1 < jpeg.size(); ++i)
        if (jpeg[i] == 0xff && jpeg[i + 1] == marker) return i;
    return jpeg.size();
}

ByteVector bytes_of(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return {bytes.begin(), bytes.end()};
}

const std::pair<int, int> kSamplings[] = {{1, 1}, {2, 1}, {1, 2}, {2, 2}};

}  // namespace

TEST_CASE("image: our JPEG decoder gives libjpeg's pixels for every sampling at every size up to 33",
          "[image][jpeg]") {
    for (const auto& [across, down] : kSamplings) {
        for (int width = 1; width <= 33; ++width) {
            CAPTURE(across, down, width);
            check_same_pixels(
                make_jpeg(make_grainy_picture(width, 34 - width), {.across = across, .down = down}));
            check_same_pixels(make_jpeg(make_grainy_picture(width, 17), {.across = across, .down = down}));
        }
    }
}

TEST_CASE("image: our JPEG decoder gives libjpeg's pixels at every quality", "[image][jpeg]") {
    for (const auto& [across, down] : kSamplings) {
        for (int quality = 1; quality <= 100; quality += quality < 10 ? 1 : 9) {
            CAPTURE(across, down, quality);
            const JpegOptions options{.across = across, .down = down, .quality = quality};
            check_same_pixels(make_jpeg(make_grainy_picture(131, 67), options));
            check_same_pixels(make_jpeg(make_grainy_picture(131, 67, 255), options));
            check_same_pixels(make_jpeg(make_picture(131, 67), options));
        }
    }
}

TEST_CASE("image: our JPEG decoder gives libjpeg's pixels with restart markers, own tables and in gray",
          "[image][jpeg]") {
    const Image picture = make_grainy_picture(301, 155);
    for (const auto& [across, down] : kSamplings) {
        for (const int interval : {1, 2, 7, 8, 19, 1000}) {
            CAPTURE(across, down, interval);
            check_same_pixels(
                make_jpeg(picture, {.across = across, .down = down, .restart_interval = interval}));
        }
        for (const int quality : {40, 99})
            check_same_pixels(
                make_jpeg(picture, {.across = across, .down = down, .quality = quality, .optimised = true}));
    }
    for (const bool optimised : {false, true}) {
        check_same_pixels(make_jpeg(picture, {.optimised = optimised, .gray = true}));
        check_same_pixels(make_jpeg(picture, {.restart_interval = 5, .optimised = optimised, .gray = true}));
    }
}

TEST_CASE("image: our JPEG decoder gives libjpeg's pixels for real photos", "[image][jpeg]") {
    const auto folder = sample_folder();
    if (!folder) return;
    auto paths = sample_files(*folder);
    if (!full_size()) paths.resize(2);  // All are of one kind; each is millions of pixels.
    for (const auto& path : paths) {
        CAPTURE(path);
        check_same_pixels(bytes_of(path));
    }
}

TEST_CASE("image: JPEGs of rarer kinds are left to libjpeg", "[image][jpeg]") {
    const Image picture = make_grainy_picture(40, 33);
    for (const auto kind :
         {JpegKind::progressive, JpegKind::adobe_cmyk, JpegKind::arithmetic, JpegKind::two_channels})
        CHECK(is_declined(make_jpeg(picture, kind)));
    CHECK(is_declined(make_jpeg(picture, {.across = 4})));
    CHECK(is_declined(jpeg_with_repeated_scan(make_jpeg(picture, JpegKind::baseline), 1)));
}

TEST_CASE("image: anything irregular in a JPEG's scan is left to libjpeg", "[image][jpeg]") {
    const Image picture = make_grainy_picture(130, 60);
    const auto jpeg = make_jpeg(picture, {.restart_interval = 4});
    REQUIRE_FALSE(is_declined(jpeg));

    auto wrong_number = jpeg;
    wrong_number[place_of(jpeg, 0xd0) + 1] = 0xd1;
    CHECK(is_declined(wrong_number));

    auto no_marker = jpeg;
    const auto restart = jpeg.begin() + static_cast<std::ptrdiff_t>(place_of(jpeg, 0xd2));
    no_marker.erase(no_marker.begin() + (restart - jpeg.begin()),
                    no_marker.begin() + (restart - jpeg.begin()) + 2);
    CHECK(is_declined(no_marker));

    auto stray = jpeg;
    stray.insert(stray.end() - 2, {0x12, 0x34});
    CHECK(is_declined(stray));

    auto early_end = jpeg;
    early_end[early_end.size() - 20] = 0xff;
    early_end[early_end.size() - 19] = 0xd9;
    CHECK(is_declined(early_end));

    auto no_end = jpeg;
    no_end.resize(no_end.size() - 2);
    CHECK(is_declined(no_end));

    // The first DC table: sixteen counts behind its class and number.
    auto crowded = jpeg;
    crowded[place_of(jpeg, 0xc4) + 5] = 3;
    CHECK(is_declined(crowded));
}

TEST_CASE("image: our JPEG decoder takes no damaged file that libjpeg refuses", "[image][jpeg]") {
    std::mt19937 random(20261127);
    const int rounds = full_size() ? 400 : 100;
    int taken = 0;
    for (const auto& [across, down] : kSamplings) {
        for (const int interval : {0, 3}) {
            const auto whole = make_jpeg(make_grainy_picture(75, 41),
                                         {.across = across, .down = down, .restart_interval = interval});
            const std::size_t scan = place_of(whole, 0xda);
            for (std::size_t size = scan; size < whole.size(); size += 7) {
                const ByteVector cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
                CHECK_FALSE(check_verdict(cut, 1));
            }
            for (int round = 0; round < rounds; ++round) {
                ByteVector bent = whole;
                // Half of the rounds aim at the tables, half at the scan.
                const std::size_t from = round % 2 == 0 ? 0 : scan;
                const std::size_t to = round % 2 == 0 ? scan : whole.size();
                for (unsigned i = 0; i <= random() % 3; ++i)
                    bent[from + random() % (to - from)] ^= static_cast<std::uint8_t>(1U << random() % 8);
                ImageLimits limits;
                limits.max_pixels = 100'000;
                if (!read_image_header(bent, limits)) continue;
                taken += check_verdict(bent, kDivisors[round / 2 % 4]) ? 1 : 0;
            }
        }
    }
    CHECK(taken > 0);
}

TEST_CASE("image: hostile JPEGs have libjpeg's verdict, whichever decoder is asked first", "[image][jpeg]") {
    const auto folder = evaluation_folder("hostile");
    if (!folder) return;
    ImageLimits limits;
    limits.max_pixels = 20'000'000;
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder))
        if (entry.is_regular_file()) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    // The whole set is read by tests/regress too, through the whole pipeline.
    const std::size_t step = full_size() ? 1 : 4;
    int files = 0;
    for (std::size_t i = 0; i < paths.size(); i += step) {
        const auto& path = paths[i];
        const auto bytes = bytes_of(path);
        const auto header = read_image_header(bytes, limits);
        if (!header || header->format != ImageFormat::jpeg) continue;
        CAPTURE(path);
        ++files;
        for (const int enough_px : {0, 1}) {
            const DecodeOptions options{.enough_long_side_px = enough_px};
            const int divisor = image::jpeg_scale_divisor(*header, options);
            const bool taken = check_verdict(bytes, divisor);
            const auto expected = image::read_jpeg_with_libjpeg(bytes, divisor);
            const auto decoded = image::read_jpeg_pixels(bytes, *header, options);
            REQUIRE(decoded.ok() == expected.ok());
            if (!decoded.ok()) REQUIRE(decoded.error().message == expected.error().message);
            if (!decoded.ok()) REQUIRE(decoded.error().code == expected.error().code);
            if (decoded.ok() && !taken) REQUIRE(decoded->pixels == expected->pixels);
            // What is no more than odd still looks the same.
            if (taken) CHECK(difference(*decoded, *expected).mean < 0.2);
        }
    }
    CHECK(files > (full_size() ? 50 : 12));
}
