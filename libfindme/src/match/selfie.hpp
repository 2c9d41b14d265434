#pragma once

#include "face/face_analyser.hpp"
#include "findme/config.hpp"
#include "findme/match.hpp"
#include "findme/result.hpp"

namespace findme::match {

/// Reads one selfie and judges it: exactly one face (a second one below 15 % of its area does not count),
/// large, sharp and frontal enough.
/// @return the face with its template.
/// @errors file_unreadable, image_*, no_face, several_faces, face_too_small, face_blurred, face_not_frontal;
/// the message
///         says why and what to do.
[[nodiscard]] Result<face::AnalysedFace> read_selfie(const std::string& path,
                                                     const face::FaceAnalyser& analyser, const Config& config,
                                                     face::Workspace& workspace);

}  // namespace findme::match
