#pragma once

#include <memory>

#include "face/network.hpp"
#include "findme/face.hpp"
#include "findme/image.hpp"

namespace findme::face {

/// Chips that go through the network at once: the chip and its mirror image.
inline constexpr int kChipAndMirror = 2;

/// Chips to templates.
class Recogniser {
  public:
    /// @param    network  of dlib_face_recognition_resnet_model_v1.dat.
    /// @errors   throws Error{model_shape_mismatch}.
    explicit Recogniser(const Graph& network);
    ~Recogniser();

    /// The mean of the templates of the chip and of its mirror image: fewer errors than the chip alone (LFW,
    /// five folds; figures in tests/bench/runs).
    /// @param    chip  150 x 150.
    /// @errors   throws Error{model_shape_mismatch} for any other size.
    /// @threads  const and safe to call concurrently, each thread with its own workspace.
    [[nodiscard]] Template describe(const Image& chip, Workspace& workspace) const;

  private:
    std::unique_ptr<Network> network_;
};

}  // namespace findme::face
