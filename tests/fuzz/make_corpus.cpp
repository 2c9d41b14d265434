// Writes a small corpus for each fuzz target: whole files of every kind, and each of them cut and bent.
//
//   make_corpus FOLDER

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/make_heif.hpp"
#include "support/make_image.hpp"
#include "support/make_onnx.hpp"
#include "support/make_raw.hpp"

namespace {

using findme::testing::ByteVector;
namespace make = findme::testing;

class Corpus {
  public:
    explicit Corpus(std::filesystem::path folder) : folder_(std::move(folder)) {
        std::filesystem::remove_all(folder_);
        std::filesystem::create_directories(folder_);
    }

    /// The file itself, cut at a few places, and with bytes changed at random but the same in every run.
    void add(const std::string& name, const ByteVector& bytes) {
        write(name, bytes);
        for (std::size_t tenth = 0; tenth < 10; tenth += 2) {
            ByteVector cut(bytes.begin(),
                           bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() * tenth / 10));
            write(name + ".cut" + std::to_string(tenth), cut);
        }
        std::mt19937 random(42);
        for (int round = 0; round < 8; ++round) {
            ByteVector bent = bytes;
            for (int i = 0; i <= round && !bent.empty(); ++i)
                bent[random() % bent.size()] = static_cast<std::uint8_t>(random());
            write(name + ".bent" + std::to_string(round), bent);
        }
    }

    void add(const std::string& name, std::string_view text) {
        add(name, ByteVector(text.begin(), text.end()));
    }

  private:
    void write(const std::string& name, const ByteVector& bytes) {
        std::ofstream file(folder_ / name, std::ios::binary);
        for (const auto byte : bytes) file.put(static_cast<char>(byte));
    }

    std::filesystem::path folder_;
};

void write_images(Corpus corpus) {
    const auto picture = make::make_picture(40, 33);
    const auto exif = make::make_exif({.orientation = 6, .original = "2024:05:31 18:04:59"});
    corpus.add("baseline.jpg", make::jpeg_with_exif(make::make_jpeg(picture), exif));
    corpus.add("progressive.jpg", make::make_jpeg(picture, make::JpegKind::progressive));
    corpus.add("cmyk.jpg", make::make_jpeg(picture, make::JpegKind::adobe_cmyk));
    corpus.add("declares_65500.jpg", make::jpeg_declaring(make::make_jpeg(picture), 65'500, 65'500));
    corpus.add("rgb.png", make::make_png(picture, make::PngKind::rgb, exif));
    corpus.add("interlaced.png", make::make_png(picture, make::PngKind::interlaced_rgba));
    corpus.add("palette.png", make::make_png(picture, make::PngKind::palette));
    corpus.add("declares_2_31.png", make::png_declaring(make::make_png(picture), 0x7fffffff, 0x7fffffff));
    corpus.add("lossy.webp", make::make_webp(picture, make::WebpKind::lossy, exif));
    corpus.add("lossless.webp", make::make_webp(picture, make::WebpKind::lossless_rgba));
    corpus.add("strips.tif", make::make_tiff(picture, make::TiffKind::rgb));
    corpus.add("tiles.tif", make::make_tiff(picture, make::TiffKind::tiled));
    corpus.add("jpeg.tif", make::make_tiff(picture, make::TiffKind::jpeg));
    corpus.add("preview.dng",
               make::make_raw(make::make_jpeg(make::make_picture(640, 32)),
                              {.preview_width_px = 640, .preview_height_px = 32, .orientation = 6}));
    const auto even = make::make_picture(72, 64);
    if (make::can_encode(make::HeifCoding::hevc)) {
        corpus.add("still.heic", make::make_heif(even, make::HeifCoding::hevc,
                                                 {make::clap(72, 64, 1, 1, 71, 63), make::irot(1)}, exif));
        corpus.add("tiles.heic", make::make_tiled_heif(even, {make::imir(0)}));
        make::HeifFile file;
        file.add_picture(make::encode_picture(even));
        const auto alpha =
            file.add_picture(make::encode_picture(even, make::HeifCoding::hevc_grey), {make::alpha_mark()});
        file.links.push_back({"auxl", alpha, {1}});
        corpus.add("alpha.heic", file.bytes());
    }
    if (make::can_encode(make::HeifCoding::av1))
        corpus.add("still.avif", make::make_heif(even, make::HeifCoding::av1));
}

void write_jpegs(Corpus corpus) {
    const auto picture = make::make_grainy_picture(75, 41);
    corpus.add("444.jpg", make::make_jpeg(picture, {.quality = 60}));
    corpus.add("422.jpg", make::make_jpeg(picture, {.across = 2, .quality = 60}));
    corpus.add("440.jpg", make::make_jpeg(picture, {.down = 2, .quality = 60, .optimised = true}));
    corpus.add("420.jpg", make::make_jpeg(picture, {.across = 2, .down = 2, .quality = 60}));
    corpus.add("restarts.jpg",
               make::make_jpeg(picture, {.across = 2, .down = 2, .quality = 30, .restart_interval = 2}));
    corpus.add("gray.jpg",
               make::make_jpeg(picture, {.restart_interval = 5, .optimised = true, .gray = true}));
    corpus.add("contrast.jpg", make::make_jpeg(make::make_grainy_picture(33, 33, 255), {.quality = 100}));
}

void write_networks(Corpus corpus) {
    corpus.add("head.onnx", make::make_onnx_head());
    corpus.add("yunet.onnx", make::make_onnx_yunet());
    corpus.add("recogniser.onnx", make::make_onnx_recogniser());
    corpus.add("empty.onnx", ByteVector{});
}

void write_configurations(Corpus corpus) {
    corpus.add(
        "full.yaml",
        "database: sqlite:/tmp/x.db\nimage:\n  max_side_px: 12000\nindex:\n  jobs: 2\n  memory_mib: 256\n"
        "match:\n  min_score: 72.5\nselfie:\n  max_yaw: 0.4\n");
    corpus.add("dotted.yaml", "index.jobs: 3\n\"match.min_score\": \"80\"\n");
    corpus.add("crlf.yaml", "\xEF\xBB\xBFindex:\r\n  jobs: 2\r\n");
    corpus.add("flow.yaml", "{index: {jobs: 2}, match: {min_score: 1}}\n");
    corpus.add("alias.yaml", "a: &a {jobs: 1}\nindex: *a\n");
    corpus.add("cycle.yaml", "index: &a\n  jobs: *a\n");
    corpus.add("deep.yaml", std::string(2000, '[') + std::string(2000, ']'));
    corpus.add("deep_map.yaml", [] {
        std::string text;
        for (int i = 0; i < 400; ++i) text += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
        return text;
    }());
    corpus.add("odd.yaml", "? [a, b]\n: 1\n---\nsecond: document\n");
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: make_corpus FOLDER\n");
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    write_images(Corpus(folder / "image"));
    write_jpegs(Corpus(folder / "jpeg"));
    write_networks(Corpus(folder / "onnx"));
    write_configurations(Corpus(folder / "config"));
    return 0;
}
