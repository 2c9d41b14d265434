#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "face/chip_network.hpp"
#include "findme/face.hpp"

namespace findme::face {

/// Makes templates of faces. Implementations are interchangeable: callers see vectors of unit length, whose
/// scalar product says how alike two faces are.
class Recogniser {
  public:
    virtual ~Recogniser() = default;
    /// Numbers of a template.
    [[nodiscard]] virtual std::size_t template_size() const = 0;
    /// @return   one for each face, all zeros where a network says nothing of it; it depends on no other face
    /// but through rounding.
    /// @threads  const and safe to call concurrently, each thread with its own chips and workspace.
    [[nodiscard]] virtual std::vector<Template> describe(FaceChips& faces, Workspace& workspace) const = 0;
};

/// One of the networks that a template is made of.
struct RecogniserPart {
    std::unique_ptr<ChipNetwork> network;
    float weight = 1;  ///< Of its unit vector, beside the others'.
};

/// The networks' unit vectors, weighted, one behind the other: they make different mistakes, so that two
/// people whom both take for one are rare. The whole has unit length again.
/// @param parts  at least one, weights above 0.
[[nodiscard]] std::unique_ptr<Recogniser> make_recogniser(std::vector<RecogniserPart> parts);

}  // namespace findme::face
