// Makes a photo as a camera would have taken it out of a smaller one: 6000 px wide, grain, quality 92: about
// 8 MB.
//
//   camera_photo FROM TO [LONG_SIDE_PX]
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <random>
#include <string>

#include "base/file.hpp"
#include "image/encode_jpeg.hpp"
#include "image/resample.hpp"

int main(int argc, char** argv) {
    if (argc < 3) {
        std::fprintf(stderr, "usage: camera_photo FROM TO [LONG_SIDE_PX]\n");
        return 2;
    }
    try {
        namespace image = findme::image;
        const double long_side = argc > 3 ? std::stod(argv[3]) : 6000;
        const auto from =
            findme::decode_image(findme::base::read_file(argv[1], std::size_t{1} << 30U).value(), {})
                .value()
                .image;
        const double scale = long_side / std::max(from.width_px, from.height_px);
        auto photo = image::resize_area(from, static_cast<int>(std::lround(from.width_px * scale)),
                                        static_cast<int>(std::lround(from.height_px * scale)));
        constexpr double kGrain = 6;  // Levels: what a full-frame camera shows at ISO 800.
        std::mt19937 random(1);
        std::normal_distribution<float> grain(0.0F, kGrain);
        for (auto& value : photo.pixels) {
            value = static_cast<std::uint8_t>(
                std::clamp(static_cast<float>(value) + grain(random), 0.0F, 255.0F));
        }
        constexpr int kQuality = 92;
        findme::base::write_file_atomically(argv[2], image::encode_jpeg(photo, kQuality));
    } catch (const std::exception& error) {
        std::fprintf(stderr, "camera_photo: %s\n", error.what());
        return 1;
    }
    return 0;
}
