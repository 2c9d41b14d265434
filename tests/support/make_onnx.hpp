#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

// Small ONNX files, written field by field so that the reader under test shares no code with its input.

namespace findme::testing {

/// One protobuf message being written.
class ProtobufMessage {
  public:
    ProtobufMessage& integer(unsigned field, std::uint64_t value);
    ProtobufMessage& bytes(unsigned field, std::string_view value);
    ProtobufMessage& message(unsigned field, const ProtobufMessage& value);
    [[nodiscard]] const std::string& text() const { return out_; }
    [[nodiscard]] std::vector<std::uint8_t> take() const { return {out_.begin(), out_.end()}; }

  private:
    void varint(std::uint64_t value);
    std::string out_;
};

/// A TensorProto of float32.
[[nodiscard]] ProtobufMessage onnx_tensor(const std::string& name, const std::vector<std::int64_t>& dims,
                                          const std::vector<float>& values);

/// A NodeProto without attributes.
[[nodiscard]] ProtobufMessage onnx_node(const std::string& op, const std::vector<std::string>& inputs,
                                        const std::string& output);

/// Gives a node an attribute of integers.
void add_onnx_integers(ProtobufMessage& node, const std::string& name,
                       const std::vector<std::int64_t>& values);

/// A ModelProto around a graph whose input is "input".
[[nodiscard]] std::vector<std::uint8_t> onnx_model(const std::vector<ProtobufMessage>& nodes,
                                                   const std::vector<ProtobufMessage>& tensors);

/// One 3 x 3 convolution of 4 filters with a ReLU and a transposed head.
[[nodiscard]] std::vector<std::uint8_t> make_onnx_head();

}  // namespace findme::testing
