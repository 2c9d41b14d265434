#pragma once

#include <span>
#include <vector>

#include "face/network.hpp"
#include "findme/face.hpp"
#include "findme/image.hpp"

namespace findme::face {

/// Chips that go through the network for one template: the chip and its mirror image.
inline constexpr int kChipAndMirror = 2;

/// Chips to templates.
class Recogniser {
  public:
    /// @param    network  of dlib_face_recognition_resnet_model_v1.dat; with weights packed for
    /// kChipAndMirror chips at this precision, or plain ones.
    /// @errors   throws Error{model_shape_mismatch}.
    Recogniser(Graph network, Precision precision);

    /// The mean of the templates of the chip and of its mirror image: fewer errors than the chip alone (LFW,
    /// five folds; figures in tests/bench/runs).
    /// @param    chip  150 x 150.
    /// @errors   throws Error{model_shape_mismatch} for any other size.
    /// @threads  const and safe to call concurrently, each thread with its own workspace.
    [[nodiscard]] Template describe(const Image& chip, Workspace& workspace) const;

    /// The same for all faces of a photo, several at once: the network's weights (22 MB) come from memory
    /// once for all of them.
    /// @return   one for each chip; a chip's template depends on no other chip but through rounding.
    [[nodiscard]] std::vector<Template> describe(std::span<const Image> chips, Workspace& workspace) const;

  private:
    NetworkCache networks_;
};

}  // namespace findme::face
