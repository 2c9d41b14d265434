#include "face/yunet_detector.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

#include "face/onnx_reader.hpp"
#include "findme/error.hpp"
#include "image/resample.hpp"

namespace findme::face {
namespace {

constexpr std::array<int, 3> kStrides_px{8, 16, 32};
constexpr int kSizeStep_px = 32;
/// Compiled sizes kept: two widths times the aspect ratios that a shoot mixes.
constexpr std::size_t kCompiledSizes = 12;

constexpr int kScoreChannels = 1;
constexpr int kBoxChannels = 4;
constexpr int kPointChannels = 10;

/// Which outputs of the network belong to one stride. The class and the object score enter the result in the
/// same way: which is which need not be known.
struct Level {
    int stride_px = 0;
    std::array<std::size_t, 2> scores{};
    std::size_t boxes = 0;
};

int rounded_up(int size_px) {
    return (size_px + kSizeStep_px - 1) / kSizeStep_px * kSizeStep_px;
}

/// @return nothing unless the outputs are exactly those of the layout.
std::optional<std::vector<Level>> levels_of(const Graph& graph) {
    constexpr int kSide_px = 256;
    constexpr std::size_t kHeadsPerLevel = 4;
    const std::vector<Shape> heads = shapes_of_outputs(graph, kSide_px);
    if (heads.size() != kStrides_px.size() * kHeadsPerLevel) return std::nullopt;
    std::vector<Level> levels;
    for (const int stride : kStrides_px) {
        std::vector<std::size_t> scores;
        std::vector<std::size_t> boxes;
        std::size_t points = 0;
        for (std::size_t i = 0; i < heads.size(); ++i) {
            const Shape& head = heads[i];
            if (head.height != kSide_px / stride || head.width != head.height) continue;
            if (head.channels == kScoreChannels) scores.push_back(i);
            if (head.channels == kBoxChannels) boxes.push_back(i);
            if (head.channels == kPointChannels) ++points;
        }
        if (scores.size() != 2 || boxes.size() != 1 || points != 1) return std::nullopt;
        levels.push_back({stride, {scores[0], scores[1]}, boxes[0]});
    }
    return levels;
}

float sigmoid(float value) {
    return 1.0F / (1.0F + std::exp(-value));
}

class YuNetDetector final : public Detector {
  public:
    YuNetDetector(Graph graph, std::vector<Level> levels, YuNetOptions options, Precision precision)
        : options_(std::move(options)),
          levels_(std::move(levels)),
          networks_(std::move(graph), kCompiledSizes, precision) {}

    [[nodiscard]] std::vector<Detection> detect(const Image& image, Workspace& workspace) const override {
        std::vector<Detection> found;
        const int long_side = std::max(image.width_px, image.height_px);
        int before_px = 0;
        for (const int wanted_px : options_.long_sides_px) {
            // Enlarging adds no detail: twice is enough for the smallest faces the network knows.
            const int side_px = before_px == 0 ? wanted_px : std::min(wanted_px, long_side * 2);
            if (side_px <= before_px) break;
            detect_at(image, static_cast<double>(side_px) / long_side, workspace, found);
            before_px = side_px;
        }
        return keep_best(std::move(found), options_.max_overlap);
    }

  private:
    void detect_at(const Image& image, double scale, Workspace& workspace,
                   std::vector<Detection>& found) const {
        const int width = std::max(1, static_cast<int>(std::lround(image.width_px * scale)));
        const int height = std::max(1, static_cast<int>(std::lround(image.height_px * scale)));
        const Image resized = image::resize_area(image, width, height);
        const auto network = networks_.get(1, rounded_up(height), rounded_up(width));

        // Blue, green, red as they are; the rest, up to the network's step, is black.
        const auto normalise = [](std::span<const std::uint8_t> from, float* to) {
            for (std::size_t i = 0; i < from.size(); i += 3) {
                to[i] = from[i + 2];
                to[i + 1] = from[i + 1];
                to[i + 2] = from[i];
            }
        };
        const auto heads = look_at(*network, resized, levels_.size() * 4, normalise, workspace);
        for (const Level& level : levels_) {
            decode(level, network->output_shape(level.boxes), heads, static_cast<float>(width),
                   static_cast<float>(height), found);
        }
    }

    /// @param heads  scores as logits; boxes as the centre's offset from the cell's corner and the logarithms
    ///               of width and height, all in strides.
    void decode(const Level& level, const Shape& cells, const std::vector<std::vector<float>>& heads,
                float width, float height, std::vector<Detection>& found) const {
        const std::size_t count = cells.size() / kBoxChannels;
        for (const std::size_t scores : level.scores) {
            // A file may agree with the layout at one size alone.
            if (heads[scores].size() != count)
                throw Error(ErrorCode::model_shape_mismatch, "YuNet's scores and boxes differ in number");
        }
        const auto stride = static_cast<float>(level.stride_px);
        std::size_t cell = 0;
        for (int y = 0; y < cells.height; ++y) {
            for (int x = 0; x < cells.width; ++x, ++cell) {
                const float score =
                    std::sqrt(sigmoid(heads[level.scores[0]][cell]) * sigmoid(heads[level.scores[1]][cell]));
                // Said this way round so that a score that is no number is none.
                if (!(score >= options_.min_score)) continue;
                const float* box = heads[level.boxes].data() + cell * kBoxChannels;
                const float cx = (static_cast<float>(x) + box[0]) * stride;
                const float cy = (static_cast<float>(y) + box[1]) * stride;
                const float w = std::exp(box[2]) * stride;
                const float h = std::exp(box[3]) * stride;
                // What lies in the padding is no face, nor is what no photo could hold.
                const bool inside = cx >= 0 && cy >= 0 && cx <= width && cy <= height;
                if (!inside || !(w <= 4 * width) || !(h <= 4 * height)) continue;
                found.push_back(
                    {{(cx - w / 2) / width, (cy - h / 2) / height, w / width, h / height}, score});
            }
        }
    }

    YuNetOptions options_;
    std::vector<Level> levels_;
    NetworkCache networks_;
};

}  // namespace

bool has_yunet_heads(const Graph& graph) {
    return levels_of(graph).has_value();
}

std::unique_ptr<Detector> make_yunet_detector(std::span<const std::uint8_t> onnx, Precision precision,
                                              YuNetOptions options) {
    Graph graph = read_onnx(onnx);
    auto levels = levels_of(graph);
    if (!levels) {
        throw Error(ErrorCode::model_shape_mismatch,
                    "the detector model does not have the twelve heads of YuNet's 2023 layout");
    }
    return std::make_unique<YuNetDetector>(std::move(graph), std::move(*levels), std::move(options),
                                           precision);
}

}  // namespace findme::face
