#include "face/chip.hpp"

#include "face/dlib_headers.hpp"
// Above the others, which it changes.
#include <dlib/image_transforms/interpolation.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "face/dlib_image_view.hpp"
#include "face/dlib_resnet.hpp"

namespace findme::face {

namespace {

ChipShape make_dlib_chip_shape() {
    // Fractions of the square that dlib finds the landmarks in.
    constexpr Landmarks kMean{
        Point{0.8595674595992F, 0.2134981538014F}, Point{0.6460604764104F, 0.2289674387677F},
        Point{0.1205750620789F, 0.2137274526848F}, Point{0.3340850613712F, 0.2290642403242F},
        Point{0.4901123135679F, 0.6277975316475F}};
    constexpr float kPadding = 0.25F;
    ChipShape shape{kChipSide_px, kMean};
    for (Point& point : shape.points_px) {
        point.x = (kPadding + point.x) / (2 * kPadding + 1) * kChipSide_px;
        point.y = (kPadding + point.y) / (2 * kPadding + 1) * kChipSide_px;
    }
    return shape;
}

}  // namespace

const ChipShape& dlib_chip_shape() {
    static const ChipShape kShape = make_dlib_chip_shape();
    return kShape;
}

Image cut_chip(const Image& image, const Landmarks& landmarks, const ChipShape& shape) {
    std::vector<dlib::dpoint> wanted;
    std::vector<dlib::dpoint> found;
    for (std::size_t i = 0; i < landmarks.size(); ++i) {
        wanted.emplace_back(shape.points_px[i].x, shape.points_px[i].y);
        found.emplace_back(landmarks[i].x * static_cast<double>(image.width_px),
                           landmarks[i].y * static_cast<double>(image.height_px));
    }
    const auto side = static_cast<unsigned long>(shape.side_px);
    const dlib::chip_details details(wanted, found, dlib::chip_dims(side, side));
    dlib::matrix<dlib::rgb_pixel> pixels;
    dlib::extract_image_chip(DlibImageView{&image}, details, pixels);
    Image chip;
    chip.width_px = chip.height_px = shape.side_px;
    chip.pixels.reserve(side * side * 3);
    for (const auto& pixel : pixels)
        chip.pixels.insert(chip.pixels.end(), {pixel.red, pixel.green, pixel.blue});
    return chip;
}

const std::vector<Image>& FaceChips::of(const ChipShape& shape) {
    const auto is_same = [](const Point& a, const Point& b) { return a.x == b.x && a.y == b.y; };
    for (const Cut& cut : cuts_) {
        if (cut.shape.side_px == shape.side_px &&
            std::equal(shape.points_px.begin(), shape.points_px.end(), cut.shape.points_px.begin(), is_same))
            return cut.chips;
    }
    Cut& cut = cuts_.emplace_back();
    cut.shape = shape;
    cut.chips.reserve(faces_.size());
    for (const Landmarks& landmarks : faces_) cut.chips.push_back(cut_chip(image_, landmarks, shape));
    return cut.chips;
}

}  // namespace findme::face
