#include "match/selfie.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/text.hpp"
#include "search/probe.hpp"

namespace findme::match {
namespace {

/// A face in the background does not count.
constexpr float kBackgroundShare = 0.15F;

float area(const face::AnalysedFace& face) {
    return face.face.box.width * face.face.box.height;
}

/// Why the face will not do, and what to do about it; empty when it will.
ErrorInfo judge(const Face& face, const Config& config) {
    const double percent = 100.0 * face.box.width * face.box.height;
    const auto whole = [](double value) { return std::to_string(std::lround(value)); };
    const auto tenths = [](double value) {
        const std::string text = std::to_string(std::round(value * 10) / 10);
        return text.substr(0, text.find('.') + 2);
    };
    if (face.quality.height_px < static_cast<float>(config.selfie_min_face_px) ||
        percent < config.selfie_min_face_percent) {
        return {ErrorCode::face_too_small,
                "the face is " + whole(face.quality.height_px) + " px high and " + tenths(percent) +
                    " % of the picture, at least " + std::to_string(config.selfie_min_face_px) + " px and " +
                    tenths(config.selfie_min_face_percent) + " % are needed: take the selfie from nearer"};
    }
    if (face.quality.sharpness < config.selfie_min_sharpness) {
        return {ErrorCode::face_blurred, "the face is blurred: hold the camera still, in better light"};
    }
    if (std::abs(face.quality.yaw) > config.selfie_max_yaw) {
        return {ErrorCode::face_not_frontal, "the face is turned away: look into the camera"};
    }
    return {ErrorCode::internal, ""};
}

/// Says of each accepted selfie how much it looks like the nearest other one.
void rate_agreement(std::vector<access::JudgedSelfie>& selfies, const Calibration& calibration) {
    for (auto& selfie : selfies) {
        if (selfie.check.refused) continue;
        double nearest = std::numeric_limits<double>::max();
        for (const auto& other : selfies) {
            if (&other != &selfie && !other.check.refused)
                nearest = std::min(nearest, search::distance(selfie.face_template, other.face_template));
        }
        if (nearest < std::numeric_limits<double>::max())
            selfie.check.agreement = score_of(nearest, calibration);
    }
}

class LazySelfieJudge final : public access::SelfieJudge {
  public:
    LazySelfieJudge(std::function<const face::FaceAnalyser&()> analyser, Config config,
                    Calibration calibration)
        : analyser_(std::move(analyser)), config_(std::move(config)), calibration_(std::move(calibration)) {}

    [[nodiscard]] std::vector<access::JudgedSelfie> judge(std::span<const std::string> files) const override {
        return judge_selfies(files, analyser_(), config_, calibration_);
    }
    [[nodiscard]] const ModelId& model() const override { return calibration_.model; }

  private:
    std::function<const face::FaceAnalyser&()> analyser_;
    Config config_;
    Calibration calibration_;
};

}  // namespace

Result<face::AnalysedFace> read_selfie(const std::string& path, const face::FaceAnalyser& analyser,
                                       const Config& config) {
    const auto refuse = [&](ErrorInfo why) {
        why.message = "selfie " + base::quoted(path) + ": " + why.message;
        why.subject = path;
        return why;
    };
    const auto bytes = base::read_file(path, config.image.max_file_bytes, base::kRaiseImageLimit);
    if (!bytes) return bytes.error();
    const auto decoded = decode_image(*bytes, config.image, {face::kEnoughLongSide_px});
    if (!decoded) return refuse(decoded.error());
    const auto& header = decoded->header;
    const int height_px = header.orientation >= 5 ? header.width_px : header.height_px;

    // Not before: a file may be slow to read, and others wait for a workspace.
    auto faces = analyser.analyse(decoded->image, height_px, *analyser.workspace());
    if (faces.empty()) {
        return refuse(
            {ErrorCode::no_face, "no face was found: take a picture in which one face is well visible"});
    }
    std::stable_sort(faces.begin(), faces.end(),
                     [](const auto& a, const auto& b) { return area(a) > area(b); });
    const auto counted = std::count_if(faces.begin(), faces.end(), [&](const auto& face) {
        return area(face) >= kBackgroundShare * area(faces.front());
    });
    if (counted > 1) {
        return refuse({ErrorCode::several_faces,
                       std::to_string(counted) +
                           " faces were found: take a picture of one person alone, or cut the "
                           "others off"});
    }
    if (auto why = judge(faces.front().face, config); !why.message.empty()) return refuse(std::move(why));
    return faces.front();
}

std::vector<access::JudgedSelfie> judge_selfies(std::span<const std::string> files,
                                                const face::FaceAnalyser& analyser, const Config& config,
                                                const Calibration& calibration) {
    std::vector<access::JudgedSelfie> judged;
    for (const auto& path : files) {
        access::JudgedSelfie selfie;
        selfie.check.path = path;
        if (const auto face = read_selfie(path, analyser, config)) {
            selfie.check.face = face->face;
            selfie.face_template = face->face_template;
        } else {
            selfie.check.refused = face.error();
        }
        judged.push_back(std::move(selfie));
    }
    rate_agreement(judged, calibration);
    return judged;
}

std::shared_ptr<const access::SelfieJudge> make_selfie_judge(
    std::function<const face::FaceAnalyser&()> analyser, const Config& config,
    const Calibration& calibration) {
    return std::make_shared<LazySelfieJudge>(std::move(analyser), config, calibration);
}

}  // namespace findme::match
