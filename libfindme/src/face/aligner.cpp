#include "face/aligner.hpp"

#include "face/dlib_headers.hpp"
// Above the others, which it changes.
#include <dlib/image_processing/shape_predictor.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <string>
#include <vector>

#include "face/dlib_image_view.hpp"
#include "findme/error.hpp"

namespace findme::face {

namespace {

/// One cascade's pixels, in the form in which dlib looks at them.
struct Pixels {
    std::vector<unsigned long> anchors;
    std::vector<dlib::vector<float, 2>> offsets;
};

std::vector<Pixels> pixels_of(const LandmarkModel& model) {
    std::vector<Pixels> cascades(model.cascades);
    for (std::size_t cascade = 0; cascade < cascades.size(); ++cascade) {
        const std::size_t first = cascade * model.pixels;
        for (std::size_t i = first; i < first + model.pixels; ++i) {
            cascades[cascade].anchors.push_back(model.anchors[i]);
            cascades[cascade].offsets.emplace_back(model.offsets[2 * i], model.offsets[2 * i + 1]);
        }
    }
    return cascades;
}

using PointShape = dlib::matrix<float, 0, 1>;

PointShape mean_shape_of(const LandmarkModel& model) {
    PointShape shape(static_cast<long>(model.mean_shape.size()));
    std::copy(model.mean_shape.begin(), model.mean_shape.end(), shape.begin());
    return shape;
}

}  // namespace

struct Aligner::State {
    LandmarkModel model;
    BoxCalibration calibration;
    std::vector<Pixels> pixels;
    PointShape mean_shape;

    State(LandmarkModel model_in, BoxCalibration calibration_in)
        : model(std::move(model_in)),
          calibration(calibration_in),
          pixels(pixels_of(model)),
          mean_shape(mean_shape_of(model)) {}

    /// What tree `tree` adds to the shape.
    [[nodiscard]] std::span<const float> leaf(std::size_t tree, const std::vector<float>& values) const {
        const auto nodes = model.nodes.subspan(tree * model.splits, model.splits);
        std::size_t i = 0;
        while (i < nodes.size()) {
            const auto& node = nodes[i];
            i = 2 * i + (values[node.first] - values[node.second] > node.threshold ? 1 : 2);
        }
        const std::size_t length = std::size_t{model.points} * 2;
        return model.leaves.subspan((tree * (nodes.size() + 1) + i - nodes.size()) * length, length);
    }

    [[nodiscard]] dlib::full_object_detection find_points(const DlibImageView& view,
                                                          const dlib::rectangle& square) const {
        PointShape shape = mean_shape;
        std::vector<float> values;
        for (std::size_t cascade = 0; cascade < pixels.size(); ++cascade) {
            dlib::impl::extract_feature_pixel_values(view, square, shape, mean_shape, pixels[cascade].anchors,
                                                     pixels[cascade].offsets, values);
            const std::size_t first = cascade * model.trees;
            for (std::size_t tree = first; tree < first + model.trees; ++tree) {
                const auto step = leaf(tree, values);
                std::transform(step.begin(), step.end(), shape.begin(), shape.begin(), std::plus<>());
            }
        }
        const auto to_picture = dlib::impl::unnormalizing_tform(square);
        std::vector<dlib::point> points;
        for (unsigned long i = 0; i < model.points; ++i)
            points.emplace_back(to_picture(dlib::impl::location(shape, i)));
        return {square, points};
    }
};

Aligner::Aligner(LandmarkModel model, BoxCalibration calibration) {
    if (model.points != Landmarks{}.size()) {
        throw Error(ErrorCode::model_corrupt, "the landmark model does not have five points");
    }
    state_ = std::make_unique<State>(std::move(model), calibration);
}

Aligner::~Aligner() = default;

Landmarks Aligner::align(const Image& image, const Box& box) const {
    const DlibImageView view{&image};
    const auto width_px = static_cast<double>(image.width_px);
    const auto height_px = static_cast<double>(image.height_px);
    const double height = box.height * height_px;
    const double side = std::max(1.0, height * state_->calibration.side);
    const double cx = (box.x + box.width / 2) * width_px;
    const double cy = (box.y + box.height / 2) * height_px + height * state_->calibration.centre_down;
    const dlib::rectangle square =
        dlib::drectangle(cx - side / 2, cy - side / 2, cx + side / 2, cy + side / 2);
    const auto shape = state_->find_points(view, square);

    Landmarks landmarks;
    for (unsigned long i = 0; i < shape.num_parts(); ++i) {
        landmarks[i] = {static_cast<float>(shape.part(i).x()) / static_cast<float>(image.width_px),
                        static_cast<float>(shape.part(i).y()) / static_cast<float>(image.height_px)};
    }
    return landmarks;
}

float sharpness(const Image& chip) {
    const auto grey = [&](int x, int y) {
        const std::uint8_t* p = chip.row(y) + static_cast<std::ptrdiff_t>(x) * 3;
        return 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
    };
    double sum = 0;
    double squares = 0;
    for (int y = 1; y + 1 < chip.height_px; ++y) {
        for (int x = 1; x + 1 < chip.width_px; ++x) {
            const double edge =
                grey(x - 1, y) + grey(x + 1, y) + grey(x, y - 1) + grey(x, y + 1) - 4 * grey(x, y);
            sum += edge;
            squares += edge * edge;
        }
    }
    const double count = std::max(1, (chip.width_px - 2) * (chip.height_px - 2));
    return static_cast<float>(squares / count - (sum / count) * (sum / count));
}

void estimate_pose(const Landmarks& landmarks, int width_px, int height_px, FaceQuality& quality) {
    const auto x = [&](std::size_t i) { return landmarks[i].x * static_cast<float>(width_px); };
    const auto y = [&](std::size_t i) { return landmarks[i].y * static_cast<float>(height_px); };
    const float right_x = (x(0) + x(1)) / 2;
    const float right_y = (y(0) + y(1)) / 2;
    const float left_x = (x(2) + x(3)) / 2;
    const float left_y = (y(2) + y(3)) / 2;
    const float dx = right_x - left_x;
    const float dy = right_y - left_y;
    const float eyes_px = std::max(1.0F, std::hypot(dx, dy));
    const float along =
        ((x(4) - (right_x + left_x) / 2) * dx + (y(4) - (right_y + left_y) / 2) * dy) / eyes_px;
    quality.yaw = along / eyes_px;
    quality.roll_deg = std::atan2(dy, dx) * 180.0F / std::numbers::pi_v<float>;
}

}  // namespace findme::face
