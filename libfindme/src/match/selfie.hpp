#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "access/parts.hpp"
#include "face/face_analyser.hpp"
#include "findme/config.hpp"
#include "findme/match.hpp"
#include "findme/model.hpp"
#include "findme/result.hpp"

namespace findme::match {

/// Reads one selfie and judges it: exactly one face (a second one below 15 % of its area does not count),
/// large, sharp and frontal enough.
/// @return the face with its template.
/// @errors file_unreadable, image_*, no_face, several_faces, face_too_small, face_blurred, face_not_frontal;
/// the message
///         says why and what to do.
[[nodiscard]] Result<face::AnalysedFace> read_selfie(const std::string& path,
                                                     const face::FaceAnalyser& analyser,
                                                     const Config& config);

/// All of one person: each judged by itself, the good ones compared with one another.
[[nodiscard]] std::vector<access::JudgedSelfie> judge_selfies(std::span<const std::string> files,
                                                              const face::FaceAnalyser& analyser,
                                                              const Config& config,
                                                              const Calibration& calibration);

/// The same for accounts, with models that are loaded at first need.
/// @param analyser  thread-safe.
[[nodiscard]] std::shared_ptr<const access::SelfieJudge> make_selfie_judge(
    std::function<const face::FaceAnalyser&()> analyser, const Config& config,
    const Calibration& calibration);

}  // namespace findme::match
