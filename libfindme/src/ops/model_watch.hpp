#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "findme/model.hpp"
#include "ops/repeater.hpp"

namespace findme::ops {

/// Knows the state of the model files. Hashing them takes a tenth of a second, so it is done when a file is
/// first seen or has changed, and never while somebody waits.
class ModelWatch {
  public:
    using Check = std::function<ModelCheck(const ModelFile&)>;

    /// @param folders  where `check` looks for a file, in this order.
    ModelWatch(const std::vector<ModelFile>& files, std::vector<std::string> folders, Check check,
               std::chrono::milliseconds pause);
    /// In the order of the manifest; nothing before the first look is over.
    [[nodiscard]] std::optional<std::vector<ModelCheck>> reading() const;
    /// Waits for the first look to be over.
    [[nodiscard]] bool wait(std::chrono::milliseconds patience) const;

  private:
    struct State;
    std::shared_ptr<State> state_;
    Repeater repeater_;
};

}  // namespace findme::ops
