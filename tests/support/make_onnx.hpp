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
    /// 32 bits.
    ProtobufMessage& number(unsigned field, float value);
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

/// Gives a node an attribute of one integer.
void add_onnx_integer(ProtobufMessage& node, const std::string& name, std::int64_t value);

/// Gives a node an attribute of one number that is not whole.
void add_onnx_number(ProtobufMessage& node, const std::string& name, float number);

/// Gives a node an attribute of text.
void add_onnx_text(ProtobufMessage& node, const std::string& name, const std::string& text);

/// A ModelProto around a graph whose input is "input".
/// @param outputs  of the graph, by name: what ends at detection heads needs none.
[[nodiscard]] std::vector<std::uint8_t> onnx_model(const std::vector<ProtobufMessage>& nodes,
                                                   const std::vector<ProtobufMessage>& tensors,
                                                   const std::vector<std::string>& outputs = {});

/// One 3 x 3 convolution of 4 filters with a ReLU and a transposed head.
[[nodiscard]] std::vector<std::uint8_t> make_onnx_head();

/// A little of everything that recognisers are made of, from pictures of 8 x 8 px to 5 numbers.
[[nodiscard]] std::vector<std::uint8_t> make_onnx_recogniser();

/// A network with YuNet's twelve outputs that sees a face in every cell of 8 x 8 px that is blue all over,
/// with its box around the cell and a logit of 10 for both scores.
/// @param  points     channels of the outputs for the five points; 10 in the real layout.
/// @param  is_coarse  one score is looked at in steps of 64 px and enlarged: its size is the others' at
/// multiples of
///                    64 px alone.
[[nodiscard]] std::vector<std::uint8_t> make_onnx_yunet(int points = 10, bool is_coarse = false);

}  // namespace findme::testing
