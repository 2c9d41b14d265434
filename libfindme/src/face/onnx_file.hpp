#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

// An ONNX file as it is written, before anything is made of it. Field numbers are those of onnx.proto
// (Apache-2.0), IR version 3 and later.

namespace findme::face {

/// A constant.
struct OnnxTensor {
    std::string name;
    std::vector<std::int64_t> dims;
    std::vector<float> values;  ///< Empty unless the tensor holds float32.
};

struct OnnxAttribute {
    std::int64_t integer = 0;
    float number = 0;
    std::string text;
    std::vector<std::int64_t> integers;
    std::optional<OnnxTensor> tensor;
};

struct OnnxNode {
    std::string op;
    std::vector<std::string> inputs;
    std::vector<std::string> outputs;
    std::map<std::string, OnnxAttribute, std::less<>> attributes;

    /// The one value of an attribute that must be the same for both axes and all sides.
    /// @errors throws Error{model_corrupt}.
    [[nodiscard]] int uniform(const char* name, int fallback) const;
    [[nodiscard]] std::string text(const char* name, const char* fallback) const;
    [[nodiscard]] float number(const char* name, float fallback) const;
    [[nodiscard]] std::int64_t integer(const char* name, std::int64_t fallback) const;
};

struct OnnxFile {
    std::vector<OnnxNode> nodes;  ///< Each after those whose outputs it reads.
    std::map<std::string, OnnxTensor, std::less<>> constants;
    std::vector<std::string> inputs;  ///< Also those that are constants.
    std::vector<std::string> outputs;
};

/// @errors throws Error{model_corrupt} when the file is not well-formed or holds no network.
[[nodiscard]] OnnxFile parse_onnx(std::span<const std::uint8_t> bytes);

/// @errors throws Error{model_corrupt}: "the ONNX file " and what it does.
[[noreturn]] void refuse_onnx(const std::string& what);

}  // namespace findme::face
