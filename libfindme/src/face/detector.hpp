#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "face/network.hpp"
#include "findme/face.hpp"
#include "findme/image.hpp"

namespace findme::face {

/// A box with the detector's confidence.
struct Detection {
    Box box;
    float score = 0;
};

/// Finds faces. Implementations are interchangeable: callers see boxes on the upright photo and scores of
/// 0-1.
class Detector {
  public:
    virtual ~Detector() = default;
    /// @param    image      upright, at least one pixel.
    /// @return   best score first.
    /// @threads  const and safe to call concurrently, each thread with its own workspace.
    [[nodiscard]] virtual std::vector<Detection> detect(const Image& image, Workspace& workspace) const = 0;
};

/// Turns the bytes of one row, RGB, into as many floats, as a network wants them.
using NormaliseRow = std::function<void(std::span<const std::uint8_t> from, float* to)>;

/// Shows a picture to a network compiled for its size or a larger one: right of it and below it are zeros.
/// @param  outputs  how many the network has.
/// @return what each of them says, output_shape(i).size() floats.
[[nodiscard]] std::vector<std::vector<float>> look_at(const Network& network, const Image& picture,
                                                      std::size_t outputs, const NormaliseRow& normalise,
                                                      Workspace& workspace);

/// Overlap of two boxes: intersection over union, 0-1.
[[nodiscard]] float overlap(const Box& a, const Box& b);

/// Turns a detector's raw boxes into faces. Boxes that overlap the best one by more than half are votes for
/// the same face: its box is their mean, weighted by score, and its score is w / (w + 1), w the sum of their
/// scores. A face is seen by many priors and at several widths, an accident by one: on WIDER this parts the
/// two far better than the best single score, which saturates (tests/bench/runs).
/// @param  most  boxes that overlap a better face by more than this, but are no votes, are dropped.
/// @return best score first.
[[nodiscard]] std::vector<Detection> merge_votes(std::vector<Detection> votes, float most);

/// Keeps the best of the boxes that overlap one another by more than `most`.
/// @return best score first.
[[nodiscard]] std::vector<Detection> keep_best(std::vector<Detection> boxes, float most);

}  // namespace findme::face
