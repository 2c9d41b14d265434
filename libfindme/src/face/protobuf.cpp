#include "face/protobuf.hpp"

#include "findme/error.hpp"

namespace findme::face {
namespace {
[[noreturn]] void malformed() {
    throw Error(ErrorCode::model_corrupt, "the ONNX file is damaged or cut short");
}
}  // namespace

std::uint64_t ProtobufReader::varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const std::uint8_t byte = take(1)[0];
        value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
        if (byte < 0x80U) return value;
    }
    malformed();
}

std::span<const std::uint8_t> ProtobufReader::take(std::uint64_t count) {
    if (count > rest_.size()) malformed();
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
}

std::optional<ProtobufReader::Field> ProtobufReader::next() {
    if (rest_.empty()) return std::nullopt;
    enum WireType : std::uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
    const std::uint64_t key = varint();
    Field field;
    field.number = static_cast<std::uint32_t>(key >> 3U);
    const auto fixed = [&](std::uint64_t size) {
        const auto bytes = take(size);
        for (std::size_t i = 0; i < bytes.size(); ++i)
            field.integer |= static_cast<std::uint64_t>(bytes[i]) << (8 * i);
    };
    switch (key & 7U) {
        case kVarint:
            field.integer = varint();
            break;
        case kFixed64:
            fixed(8);
            break;
        case kBytes:
            field.bytes = take(varint());
            break;
        case kFixed32:
            fixed(4);
            break;
        default:
            malformed();
    }
    return field;
}

}  // namespace findme::face
