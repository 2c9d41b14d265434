#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace findme::face {

/// Walks the fields of one protobuf message without copying. ONNX files are read by their wire format:
/// linking the protobuf runtime would cost every start of the tool more than reading the model does.
class ProtobufReader {
  public:
    explicit ProtobufReader(std::span<const std::uint8_t> message) : rest_(message) {}

    struct Field {
        std::uint32_t number = 0;
        std::uint64_t integer = 0;            ///< Of varint, 32-bit and 64-bit fields.
        std::span<const std::uint8_t> bytes;  ///< Of length-delimited fields.

        [[nodiscard]] std::string_view text() const {
            return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
        }
    };

    /// The next field, or nothing at the end.
    /// @errors throws Error{model_corrupt} when the message is cut short or malformed.
    std::optional<Field> next();

  private:
    std::uint64_t varint();
    std::span<const std::uint8_t> take(std::uint64_t count);

    std::span<const std::uint8_t> rest_;
};

}  // namespace findme::face
