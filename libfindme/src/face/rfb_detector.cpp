#include "face/rfb_detector.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "face/onnx_reader.hpp"
#include "findme/error.hpp"
#include "image/resample.hpp"

namespace findme::face {
namespace {

/// Prior boxes of one level: the network predicts, at every cell, offsets from squares of these sides.
/// @source Ultra-Light-Fast-Generic-Face-Detector-1MB, vision/ssd/config/fd_config.py (MIT).
struct Level {
    int stride_px;
    std::array<float, 3> sides_px;
    int count;
};
constexpr std::array<Level, 4> kLevels{{
    {8, {10, 16, 24}, 3},
    {16, {32, 48, 0}, 2},
    {32, {64, 96, 0}, 2},
    {64, {128, 192, 256}, 3},
}};
constexpr float kCentreVariance = 0.1F;
constexpr float kSizeVariance = 0.2F;
constexpr float kMean = 127.0F;
constexpr float kScale = 1.0F / 128.0F;
constexpr int kSizeStep_px = 32;
/// Above this size a box is trusted only at the smallest width: near the largest prior (256 px) boxes are
/// confident but cut short, and a bad box ruins the alignment. Measured: tests/bench/runs.
constexpr float kMaxTrusted_px = 130.0F;
/// Compiled sizes kept: four widths times the aspect ratios that a shoot mixes.
constexpr std::size_t kCompiledSizes = 24;

int rounded_up(int size_px) {
    return (size_px + kSizeStep_px - 1) / kSizeStep_px * kSizeStep_px;
}

class RfbDetector final : public Detector {
  public:
    RfbDetector(Graph graph, RfbOptions options, Precision precision)
        : options_(std::move(options)), networks_(std::move(graph), kCompiledSizes, precision) {
        std::sort(options_.long_sides_px.begin(), options_.long_sides_px.end(), std::greater<>());
    }

    [[nodiscard]] std::vector<Detection> detect(const Image& image, Workspace& workspace) const override {
        std::vector<Detection> found;
        const int long_side = std::max(image.width_px, image.height_px);
        const int smallest = options_.long_sides_px.back();
        // From the largest down: only the first reads all of the photo.
        std::vector<Image> made;
        for (const int wanted_px : options_.long_sides_px) {
            // Enlarging adds no detail, but brings small faces up to the smallest priors: twice is enough.
            if (wanted_px != smallest && wanted_px > long_side * 2) continue;
            const double scale = static_cast<double>(wanted_px) / long_side;
            const int width = std::max(1, static_cast<int>(std::lround(image.width_px * scale)));
            const int height = std::max(1, static_cast<int>(std::lround(image.height_px * scale)));
            made.push_back(image::resize_area(source_for(wanted_px, made, image), width, height));
            detect_on(made.back(), wanted_px == smallest ? std::numeric_limits<float>::max() : kMaxTrusted_px,
                      workspace, found);
        }
        auto faces = merge_votes(std::move(found), options_.merge_overlap);
        std::erase_if(faces, [&](const Detection& face) { return face.score < options_.min_score; });
        return faces;
    }

  private:
    /// What to shrink: the smallest picture made so far of which whole pixels make one, for that is as good
    /// as shrinking the photo; else the largest.
    static const Image& source_for(int wanted_px, const std::vector<Image>& made, const Image& image) {
        const auto good = std::find_if(made.rbegin(), made.rend(), [&](const Image& other) {
            return std::max(other.width_px, other.height_px) % wanted_px == 0;
        });
        if (good != made.rend()) return *good;
        return made.empty() ? image : made.front();
    }

    void detect_on(const Image& resized, float max_trusted_px, Workspace& workspace,
                   std::vector<Detection>& found) const {
        const int width = resized.width_px;
        const int height = resized.height_px;
        const auto network = networks_.get(1, rounded_up(height), rounded_up(width));

        // Sizes are padded to the network's step with the mean colour, so that few sizes need compiling.
        const auto normalise = [](std::span<const std::uint8_t> from, float* to) {
            for (const std::uint8_t value : from) *to++ = (static_cast<float>(value) - kMean) * kScale;
        };
        const auto heads = look_at(*network, resized, kLevels.size() * 2, normalise, workspace);
        for (std::size_t level = 0; level < kLevels.size(); ++level) {
            decode(kLevels[level], network->output_shape(2 * level), heads[2 * level], heads[2 * level + 1],
                   static_cast<float>(width), static_cast<float>(height), max_trusted_px, found);
        }
    }

    /// @param classes  cells x priors x 2 logits: background, face.
    /// @param offsets  cells x priors x 4: centre x, centre y, width, height.
    void decode(const Level& level, const Shape& cells, std::span<const float> classes,
                std::span<const float> offsets, float width, float height, float max_trusted_px,
                std::vector<Detection>& found) const {
        // A file may agree with the layout at one size alone.
        if (offsets.size() != classes.size() * 2)
            throw Error(ErrorCode::model_shape_mismatch, "RFB-320's scores and offsets differ in number");
        const auto stride = static_cast<float>(level.stride_px);
        // Nearly every prior sees no face: told by its logits, it costs no exponential.
        const float min_logit = std::log(options_.min_vote / (1.0F - options_.min_vote));
        std::size_t prior = 0;
        for (int y = 0; y < cells.height; ++y) {
            for (int x = 0; x < cells.width; ++x) {
                for (int k = 0; k < level.count; ++k, ++prior) {
                    const float* logits = classes.data() + prior * 2;
                    if (logits[1] - logits[0] < min_logit) continue;
                    const float score = 1.0F / (1.0F + std::exp(logits[0] - logits[1]));
                    const float* offset = offsets.data() + prior * 4;
                    const float side = level.sides_px[static_cast<std::size_t>(k)];
                    const float cx =
                        (static_cast<float>(x) + 0.5F) * stride + offset[0] * kCentreVariance * side;
                    const float cy =
                        (static_cast<float>(y) + 0.5F) * stride + offset[1] * kCentreVariance * side;
                    const float w = side * std::exp(offset[2] * kSizeVariance);
                    const float h = side * std::exp(offset[3] * kSizeVariance);
                    if (h > max_trusted_px) continue;
                    if (!std::isfinite(w) || !std::isfinite(h) || cx > width || cy > height) continue;
                    found.push_back(
                        {{(cx - w / 2) / width, (cy - h / 2) / height, w / width, h / height}, score});
                }
            }
        }
    }

    RfbOptions options_;
    NetworkCache networks_;
};

}  // namespace

bool has_rfb_heads(const Graph& graph) {
    constexpr int kSide_px = 256;
    const std::vector<Shape> heads = shapes_of_outputs(graph, kSide_px);
    bool fits = heads.size() == kLevels.size() * 2;
    for (std::size_t i = 0; fits && i < heads.size(); ++i) {
        const Level& level = kLevels[i / 2];
        fits = heads[i].channels == level.count * (i % 2 == 0 ? 2 : 4) &&
               heads[i].height == kSide_px / level.stride_px && heads[i].width == heads[i].height;
    }
    return fits;
}

std::unique_ptr<Detector> make_rfb_detector(std::span<const std::uint8_t> onnx, Precision precision,
                                            RfbOptions options) {
    Graph graph = read_onnx(onnx);
    if (!has_rfb_heads(graph)) {
        throw Error(ErrorCode::model_shape_mismatch,
                    "the detector model does not have RFB-320's eight heads");
    }
    return std::make_unique<RfbDetector>(std::move(graph), std::move(options), precision);
}

}  // namespace findme::face
