// Our JPEG decoder against libjpeg-turbo, as it is by default and at its fastest, on the same photos in one
// run.
//
//   jpeg_bench [--benchmark_... ] [PHOTO...]
//
// Without photos: those in FINDME_TEST_SAMPLES (2 MP), and camera photos (24 MP, quality 92, with grain) made
// out of three of them. The pixels are compared before anything is timed; the last lines are the ratios of
// the medians.

#include <cstdio>  // jpeglib.h needs FILE and size_t.

#include <jpeglib.h>

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "findme/image.hpp"
#include "image/jpeg.hpp"
#include "image/jpeg_kernels.hpp"
#include "image/resample.hpp"
#include "support/make_image.hpp"

namespace {

using findme::Image;
using findme::testing::ByteVector;
namespace image = findme::image;

using Photos = std::vector<ByteVector>;
using Decode = std::function<Image(const ByteVector&, int divisor)>;

ByteVector bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    return {bytes.begin(), bytes.end()};
}

/// libjpeg at its fastest: neither its pixels nor ours are the same as those of this one.
Image decode_roughly(const ByteVector& jpeg, int divisor) {
    jpeg_decompress_struct info{};
    jpeg_error_mgr errors{};
    info.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&info);
    jpeg_mem_src(&info, jpeg.data(), static_cast<unsigned long>(jpeg.size()));
    jpeg_read_header(&info, TRUE);
    info.out_color_space = JCS_RGB;
    info.scale_num = 1;
    info.scale_denom = static_cast<unsigned>(divisor);
    info.dct_method = JDCT_FASTEST;
    info.do_fancy_upsampling = FALSE;
    jpeg_start_decompress(&info);
    Image out{.width_px = static_cast<int>(info.output_width),
              .height_px = static_cast<int>(info.output_height),
              .pixels = {}};
    out.pixels.resize(out.stride_bytes() * info.output_height);
    while (info.output_scanline < info.output_height) {
        JSAMPROW row = out.row(static_cast<int>(info.output_scanline));
        jpeg_read_scanlines(&info, &row, 1);
    }
    jpeg_finish_decompress(&info);
    jpeg_destroy_decompress(&info);
    return out;
}

Image decode_with(const image::JpegKernels& kernels, const ByteVector& jpeg, int divisor) {
    auto decoded = image::read_jpeg_with(kernels, jpeg, divisor);
    if (!decoded) {
        std::fprintf(stderr, "a photo is not of a kind that our decoder takes\n");
        std::exit(1);
    }
    return *std::move(decoded);
}

/// A camera's picture of the same: 6000 px long, with grain of about its strength at ISO 800.
ByteVector camera_photo(const ByteVector& sample, int down) {
    const Image small = findme::decode_image(sample, {}).value().image;
    Image large = image::resize_area(small, 6000, 6000 * small.height_px / small.width_px);
    std::mt19937 random(1);
    for (auto& value : large.pixels) {
        // Three dice make a bell.
        const auto bits = static_cast<unsigned>(random());
        const int grain = static_cast<int>((bits & 7U) + (bits >> 3U & 7U) + (bits >> 6U & 7U)) - 10;
        const int grainy = value + grain / 2;
        value = static_cast<std::uint8_t>(grainy < 0 ? 0 : grainy > 255 ? 255 : grainy);
    }
    return findme::testing::make_jpeg(large, {.across = 2, .down = down, .quality = 92});
}

void check(const Photos& photos) {
    for (const auto& photo : photos) {
        for (const int divisor : {1, 2, 4, 8}) {
            const Image expected = image::read_jpeg_with_libjpeg(photo, divisor).value();
            for (const auto* kernels :
                 {&image::best_jpeg_kernels(), image::jpeg_kernels(image::JpegTarget::portable)}) {
                const auto apart =
                    findme::testing::difference(decode_with(*kernels, photo, divisor), expected);
                if (apart.largest <= 2 && apart.mean < 0.2) continue;
                std::fprintf(stderr,
                             "the pixels at 1/%d are up to %d levels from libjpeg's, %.3f on average\n",
                             divisor, apart.largest, apart.mean);
                std::exit(1);
            }
        }
    }
}

void time_all(const std::string& set, const Photos& photos) {
    const std::pair<const char*, Decode> decoders[] = {
        {"libjpeg", [](const ByteVector& jpeg,
                       int divisor) { return image::read_jpeg_with_libjpeg(jpeg, divisor).value(); }},
        {"libjpeg_roughly", decode_roughly},
        {"findme", [](const ByteVector& jpeg,
                      int divisor) { return decode_with(image::best_jpeg_kernels(), jpeg, divisor); }},
        {"findme_portable", [](const ByteVector& jpeg, int divisor) {
             return decode_with(*image::jpeg_kernels(image::JpegTarget::portable), jpeg, divisor);
         }}};
    for (const int divisor : {1, 2, 4, 8}) {
        for (const auto& [name, decode] : decoders) {
            benchmark::RegisterBenchmark((set + "/" + std::to_string(divisor) + "/" + name).c_str(),
                                         [&photos, decode = decode, divisor](benchmark::State& state) {
                                             for ([[maybe_unused]] auto _ : state)
                                                 for (const auto& photo : photos)
                                                     benchmark::DoNotOptimize(decode(photo, divisor));
                                             state.counters["photos"] = static_cast<double>(photos.size());
                                         })
                ->Unit(benchmark::kMillisecond);
        }
    }
}

/// Prints the ratios after the table.
class Reporter : public benchmark::ConsoleReporter {
  public:
    void ReportRuns(const std::vector<Run>& runs) override {
        ConsoleReporter::ReportRuns(runs);
        for (const auto& run : runs) {
            const bool counts =
                run.run_type == Run::RT_Aggregate ? run.aggregate_name == "median" : run.repetitions <= 1;
            if (counts) times_[run.run_name.function_name] = run.GetAdjustedCPUTime();
        }
    }
    void Finalize() override {
        for (const auto& [name, time] : times_) {
            const auto slash = name.rfind('/');
            const std::string of = name.substr(0, slash + 1);
            const auto libjpeg = times_.find(of + "libjpeg");
            if (name.compare(slash + 1, 6, "findme") != 0 || libjpeg == times_.end()) continue;
            std::printf("%-32s %.2fx as fast as libjpeg", name.c_str(), libjpeg->second / time);
            const auto roughly = times_.find(of + "libjpeg_roughly");
            if (roughly != times_.end()) std::printf(", %.2fx at its fastest", roughly->second / time);
            std::printf("\n");
        }
    }

  private:
    std::map<std::string, double> times_;
};

}  // namespace

int main(int argc, char** argv) {
    // Memory is kept and used again: fresh pages cost more than decoding does, and are nobody's merit.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 2'000'000'000);
    benchmark::Initialize(&argc, argv);

    std::map<std::string, Photos> sets;
    for (int i = 1; i < argc; ++i) sets["given"].push_back(bytes_of(argv[i]));
    if (argc == 1) {
        const char* folder = std::getenv("FINDME_TEST_SAMPLES");
        if (folder == nullptr) {
            std::fprintf(stderr, "name photos, or a folder with sample1.jpg ... in FINDME_TEST_SAMPLES\n");
            return 2;
        }
        for (int i = 1; i <= 6; ++i)
            sets["2MP"].push_back(bytes_of(std::string(folder) + "/sample" + std::to_string(i) + ".jpg"));
        for (const std::size_t i : {0U, 2U, 5U}) {
            sets["24MP_422"].push_back(camera_photo(sets["2MP"][i], 1));
            sets["24MP_420"].push_back(camera_photo(sets["2MP"][i], 2));
        }
    }
    for (const auto& [name, photos] : sets) {
        std::size_t bytes = 0;
        for (const auto& photo : photos) bytes += photo.size();
        std::printf("%s: %zu photos, %.2f MB each\n", name.c_str(), photos.size(),
                    static_cast<double>(bytes) / 1e6 / static_cast<double>(photos.size()));
        check(photos);
        time_all(name, photos);
    }
    Reporter reporter;
    benchmark::RunSpecifiedBenchmarks(&reporter);
    return 0;
}
