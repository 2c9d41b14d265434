#pragma once

#include <memory>
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

/// Overlap of two boxes: intersection over union, 0-1.
[[nodiscard]] float overlap(const Box& a, const Box& b);

/// Keeps the best of boxes that overlap by more than `most`; sorts best first.
[[nodiscard]] std::vector<Detection> suppress(std::vector<Detection> detections, float most);

}  // namespace findme::face
