#include "image/resample.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <string>
#include <vector>

#include "findme/error.hpp"
#include "image/limits.hpp"

// Whole numbers throughout, so that every processor makes the same pixels, and rows before columns, so that
// nearly all of the work is one loop over neighbouring bytes that compilers vectorise. Where floats hold
// them, they are small enough to be whole: a float counts up to 2^24.

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
    std::vector<float> weights;  ///< Whole numbers.

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
        weights.push_back(static_cast<float>(upto - given));
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

/// sum = weight * row, over the bytes of a row.
void begin_row(std::uint16_t* sum, const std::uint8_t* row, std::uint16_t weight, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) sum[i] = static_cast<std::uint16_t>(weight * row[i]);
}

/// sum += weight * row
void add_row(std::uint16_t* sum, const std::uint8_t* row, std::uint16_t weight, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) sum[i] = static_cast<std::uint16_t>(sum[i] + weight * row[i]);
}

/// A pixel, and a fourth that nobody looks at: what processors calculate with at once.
using Pixel [[gnu::vector_size(4 * sizeof(float))]] = float;

Pixel load_pixel(const float* from) {
    Pixel pixel;
    std::memcpy(&pixel, from, sizeof pixel);
    return pixel;
}

/// One output row out of a column of summed rows.
/// @param  sums  with one number more than the row has.
void shrink_row(const Taps& across, const std::vector<float>& sums, std::uint8_t* out) {
    constexpr float kHalf = 0.5F * kOne * kOne;
    static_assert((255 * kOne + 0.5) * kOne < (1 << 24));
    for (const Taps::Span& span : across.spans) {
        const float* weight = across.weights.data() + span.weight_at;
        const float* from = sums.data() + static_cast<std::ptrdiff_t>(span.first) * 3;
        Pixel total = {kHalf, kHalf, kHalf, 0};
        for (std::size_t k = 0; k < span.count; ++k, from += 3) total += weight[k] * load_pixel(from);
        total *= 1.0F / (kOne * kOne);
        for (int c = 0; c < 3; ++c) *out++ = static_cast<std::uint8_t>(total[c]);
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
    const std::size_t row_bytes = image.stride_bytes();
    std::vector<std::uint16_t> sums(row_bytes);
    std::vector<float> summed(row_bytes + 1);
    for (int y = 0; y < height_px; ++y) {
        const Taps::Span& span = down.spans[static_cast<std::size_t>(y)];
        for (std::size_t k = 0; k < span.count; ++k) {
            const auto weight = static_cast<std::uint16_t>(down.weights[span.weight_at + k]);
            const auto step = k == 0 ? begin_row : add_row;
            step(sums.data(), image.row(span.first + static_cast<int>(k)), weight, row_bytes);
        }
        std::copy(sums.begin(), sums.end(), summed.begin());
        shrink_row(across, summed, out.row(y));
    }
    return out;
}

}  // namespace findme::image
