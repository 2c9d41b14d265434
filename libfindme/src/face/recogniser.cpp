#include "face/recogniser.hpp"

#include <cmath>
#include <span>
#include <utility>

namespace findme::face {
namespace {

class CombinedRecogniser final : public Recogniser {
  public:
    explicit CombinedRecogniser(std::vector<RecogniserPart> parts) : parts_(std::move(parts)) {
        double squares = 0;
        for (const RecogniserPart& part : parts_) {
            size_ += part.network->size();
            squares += static_cast<double>(part.weight) * part.weight;
        }
        length_ = std::sqrt(squares);
    }

    [[nodiscard]] std::size_t template_size() const override { return size_; }

    [[nodiscard]] std::vector<Template> describe(FaceChips& faces, Workspace& workspace) const override {
        std::vector<Template> templates(faces.size());
        for (Template& face : templates) face.reserve(size_);
        for (const RecogniserPart& part : parts_) {
            const std::vector<float> vectors =
                part.network->describe(faces.of(part.network->input().shape), workspace);
            for (std::size_t i = 0; i < faces.size(); ++i)
                append(std::span(vectors).subspan(i * part.network->size(), part.network->size()),
                       part.weight, templates[i]);
        }
        for (Template& face : templates) {
            // Of which one of the networks says nothing.
            if (face.size() < size_) face.assign(size_, 0.0F);
        }
        return templates;
    }

  private:
    void append(std::span<const float> vector, float weight, Template& to) const {
        double squares = 0;
        for (const float value : vector) squares += static_cast<double>(value) * value;
        if (!(squares > 0) || !std::isfinite(squares)) return;
        const double factor = weight / (length_ * std::sqrt(squares));
        for (const float value : vector) to.push_back(static_cast<float>(value * factor));
    }

    std::vector<RecogniserPart> parts_;
    std::size_t size_ = 0;
    double length_ = 1;
};

}  // namespace

std::unique_ptr<Recogniser> make_recogniser(std::vector<RecogniserPart> parts) {
    return std::make_unique<CombinedRecogniser>(std::move(parts));
}

}  // namespace findme::face
