#include "image/resample.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "findme/error.hpp"
#include "image/limits.hpp"

// Whole numbers throughout, so that every processor makes the same pixels, and rows before columns, so that
// nearly all of the work is one loop over neighbouring bytes that compilers vectorise.

namespace findme::image {
namespace {

/// Weights of one output pixel add up to this: a weighted sum of bytes fits 16 bits.
constexpr int kOne = 256;
/// Above this factor so many weights share kOne that their rounding would show.
constexpr int kMostShrink = 32;

/// For each output coordinate of one axis: which input coordinates, and how much of each.
struct Taps {
    struct Span {
        int first = 0;
        std::size_t weight_at = 0;
        std::size_t count = 0;
    };
    std::vector<Span> spans;
    std::vector<std::uint16_t> weights;

    void add(int first, const std::vector<double>& shares);
};

void Taps::add(int first, const std::vector<double>& shares) {
    spans.push_back({first, weights.size(), shares.size()});
    const double sum = std::accumulate(shares.begin(), shares.end(), 0.0);
    double exact = 0;
    int given = 0;
    for (const double share : shares) {
        exact += share / sum * kOne;
        const int upto = static_cast<int>(std::lround(exact));  // What rounding takes here it gives there.
        weights.push_back(static_cast<std::uint16_t>(upto - given));
        given = upto;
    }
}

/// Each output pixel is the mean over the part of the input that it covers.
Taps area_taps(int from, int to) {
    Taps taps;
    for (int i = 0; i < to; ++i) {
        const double begin = static_cast<double>(i) * from / to;
        const double end = static_cast<double>(i + 1) * from / to;
        const int first = static_cast<int>(begin);
        const int last = std::min(from, static_cast<int>(std::ceil(end)));
        std::vector<double> shares;
        for (int k = first; k < last; ++k)
            shares.push_back(std::min(end, k + 1.0) - std::max(begin, k + 0.0));
        taps.add(first, shares);
    }
    return taps;
}

/// Each output pixel lies between two input pixels; over the edge the last one counts.
Taps linear_taps(int from, int to) {
    Taps taps;
    for (int i = 0; i < to; ++i) {
        const double centre = std::clamp((i + 0.5) * from / to - 0.5, 0.0, from - 1.0);
        const int first = std::min(static_cast<int>(centre), std::max(from - 2, 0));
        const double second = centre - first;
        taps.add(first, from == 1 ? std::vector<double>{1.0} : std::vector<double>{1.0 - second, second});
    }
    return taps;
}

/// sum += weight * row, over the bytes of a row.
void add_row(std::uint16_t* sum, const std::uint8_t* row, std::uint16_t weight, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) sum[i] = static_cast<std::uint16_t>(sum[i] + weight * row[i]);
}

/// One output row out of a column of summed rows.
void shrink_row(const Taps& across, const std::vector<std::uint16_t>& sums, std::uint8_t* out) {
    constexpr std::uint32_t kHalf = kOne * kOne / 2;
    for (const Taps::Span& span : across.spans) {
        const std::uint16_t* weight = across.weights.data() + span.weight_at;
        const std::uint16_t* from = sums.data() + static_cast<std::ptrdiff_t>(span.first) * 3;
        std::array<std::uint32_t, 3> total{kHalf, kHalf, kHalf};
        for (std::size_t k = 0; k < span.count; ++k, from += 3) {
            for (std::size_t c = 0; c < 3; ++c) total[c] += std::uint32_t{weight[k]} * from[c];
        }
        for (const std::uint32_t value : total) *out++ = static_cast<std::uint8_t>(value / (kOne * kOne));
    }
}

}  // namespace

Image resize_area(const Image& image, int width_px, int height_px) {
    if (image.width_px < 1 || image.height_px < 1 || width_px < 1 || height_px < 1 ||
        image.pixels.size() != image.stride_bytes() * static_cast<std::size_t>(image.height_px))
        throw Error(ErrorCode::invalid_argument,
                    "cannot resize a picture of " + std::to_string(image.width_px) + "x" +
                        std::to_string(image.height_px) + " px to " + std::to_string(width_px) + "x" +
                        std::to_string(height_px) + " px");
    const int half_way_x = image.width_px / kMostShrink;
    const int half_way_y = image.height_px / kMostShrink;
    if (width_px < half_way_x || height_px < half_way_y) {
        const Image between =
            resize_area(image, std::max(width_px, half_way_x), std::max(height_px, half_way_y));
        return resize_area(between, width_px, height_px);
    }

    const bool shrinks = width_px <= image.width_px && height_px <= image.height_px;
    const auto taps = shrinks ? area_taps : linear_taps;
    const Taps across = taps(image.width_px, width_px);
    const Taps down = taps(image.height_px, height_px);
    Image out;
    out.width_px = width_px;
    out.height_px = height_px;
    out.pixels = pixel_buffer(width_px, height_px, 3);
    std::vector<std::uint16_t> sums(image.stride_bytes());
    for (int y = 0; y < height_px; ++y) {
        const Taps::Span& span = down.spans[static_cast<std::size_t>(y)];
        std::fill(sums.begin(), sums.end(), std::uint16_t{0});
        for (std::size_t k = 0; k < span.count; ++k) {
            const std::uint8_t* row = image.row(span.first + static_cast<int>(k));
            add_row(sums.data(), row, down.weights[span.weight_at + k], sums.size());
        }
        shrink_row(across, sums, out.row(y));
    }
    return out;
}

}  // namespace findme::image
