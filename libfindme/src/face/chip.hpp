#pragma once

#include <cstddef>
#include <list>
#include <utility>
#include <vector>

#include "findme/face.hpp"
#include "findme/image.hpp"

namespace findme::face {

/// How a face is turned and cut out for a network: the square's side, and where the five landmarks come to
/// lie in it.
struct ChipShape {
    int side_px = 0;
    Landmarks points_px{};
};

/// The square of dlib's recognition network, in which sharpness is judged as well.
/// @source the mean face of dlib::get_face_chip_details (Boost licence) with its padding of 0.25.
[[nodiscard]] const ChipShape& dlib_chip_shape();

/// Turns, scales and cuts out, by the similarity that brings the landmarks nearest to where they are wanted.
/// What lies beyond the picture's edge is black.
/// @param    image      upright; at least one pixel.
/// @param    landmarks  on it.
/// @return   side_px x side_px.
/// @threads  safe.
[[nodiscard]] Image cut_chip(const Image& image, const Landmarks& landmarks, const ChipShape& shape);

/// The faces of one photo, cut out in each way that somebody asks for, once.
class FaceChips {
  public:
    /// @param image  upright; borrowed.
    FaceChips(const Image& image, std::vector<Landmarks> faces) : image_(image), faces_(std::move(faces)) {}

    [[nodiscard]] std::size_t size() const { return faces_.size(); }
    /// @return one for each face, kept as long as this object.
    [[nodiscard]] const std::vector<Image>& of(const ChipShape& shape);

  private:
    struct Cut {
        ChipShape shape;
        std::vector<Image> chips;
    };

    const Image& image_;
    std::vector<Landmarks> faces_;
    std::list<Cut> cuts_;  ///< A list: what was given away stays where it is.
};

}  // namespace findme::face
