#include "face/onnx_file.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "base/checked.hpp"
#include "face/protobuf.hpp"
#include "findme/error.hpp"

namespace findme::face {
namespace {

using Field = ProtobufReader::Field;
using BytesView = std::span<const std::uint8_t>;

/// The signed 64-bit numbers of a repeated field, packed or not.
void append_integers(const Field& field, std::vector<std::int64_t>& values) {
    if (field.bytes.empty()) {
        values.push_back(static_cast<std::int64_t>(field.integer));
        return;
    }
    for (BytesView rest = field.bytes; !rest.empty();) {
        std::uint64_t value = 0;
        for (unsigned shift = 0;; shift += 7) {
            if (rest.empty() || shift > 63) refuse_onnx("holds a malformed number");
            const std::uint8_t byte = rest[0];
            rest = rest.subspan(1);
            value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
            if (byte < 0x80U) break;
        }
        values.push_back(static_cast<std::int64_t>(value));
    }
}

OnnxTensor read_tensor(BytesView bytes) {
    constexpr std::uint64_t kFloat = 1;
    OnnxTensor tensor;
    std::uint64_t type = 0;
    BytesView raw;
    ProtobufReader reader(bytes);
    while (const auto field = reader.next()) {
        switch (field->number) {
            case 1:
                append_integers(*field, tensor.dims);
                break;
            case 2:
                type = field->integer;
                break;
            case 4:
            case 9:
                raw = field->bytes;
                break;
            case 8:
                tensor.name = field->text();
                break;
            default:
                break;
        }
    }
    if (type != kFloat) return tensor;
    std::int64_t count = 1;
    for (const auto dim : tensor.dims) {
        const auto product = base::checked_mul(count, dim);
        if (dim < 0 || !product) refuse_onnx("holds a tensor of impossible size");
        count = *product;
    }
    const auto size_bytes = base::checked_mul(count, std::int64_t{sizeof(float)});
    if (!size_bytes || static_cast<std::size_t>(*size_bytes) != raw.size()) {
        refuse_onnx("holds a tensor whose data does not fit its shape");
    }
    tensor.values.resize(static_cast<std::size_t>(count));
    if (!raw.empty()) std::memcpy(tensor.values.data(), raw.data(), raw.size());
    return tensor;
}

OnnxNode read_node(BytesView bytes) {
    OnnxNode node;
    ProtobufReader reader(bytes);
    while (const auto field = reader.next()) {
        switch (field->number) {
            case 1:
                node.inputs.emplace_back(field->text());
                break;
            case 2:
                node.outputs.emplace_back(field->text());
                break;
            case 4:
                node.op = field->text();
                break;
            case 5: {
                std::string name;
                OnnxAttribute attribute;
                ProtobufReader inner(field->bytes);
                while (const auto part = inner.next()) {
                    switch (part->number) {
                        case 1:
                            name = part->text();
                            break;
                        case 2:
                            attribute.number =
                                std::bit_cast<float>(static_cast<std::uint32_t>(part->integer));
                            break;
                        case 3:
                            attribute.integer = static_cast<std::int64_t>(part->integer);
                            break;
                        case 4:
                            attribute.text = part->text();
                            break;
                        case 5:
                            attribute.tensor = read_tensor(part->bytes);
                            break;
                        case 8:
                            append_integers(*part, attribute.integers);
                            break;
                        default:
                            break;
                    }
                }
                node.attributes.insert_or_assign(std::move(name), std::move(attribute));
                break;
            }
            default:
                break;
        }
    }
    return node;
}

OnnxFile read_graph(BytesView bytes) {
    OnnxFile file;
    ProtobufReader reader(bytes);
    const auto name_in = [](const Field& field) {
        std::string name;
        ProtobufReader inner(field.bytes);
        while (const auto part = inner.next()) {
            if (part->number == 1) name = part->text();
        }
        return name;
    };
    while (const auto field = reader.next()) {
        switch (field->number) {
            case 1:
                file.nodes.push_back(read_node(field->bytes));
                break;
            case 5: {
                OnnxTensor tensor = read_tensor(field->bytes);
                std::string name = tensor.name;
                file.constants.insert_or_assign(std::move(name), std::move(tensor));
                break;
            }
            case 11:
                file.inputs.push_back(name_in(*field));
                break;
            case 12:
                file.outputs.push_back(name_in(*field));
                break;
            default:
                break;
        }
    }
    return file;
}

}  // namespace

void refuse_onnx(const std::string& what) {
    throw Error(ErrorCode::model_corrupt, "the ONNX file " + what);
}

int OnnxNode::uniform(const char* name, int fallback) const {
    const auto found = attributes.find(name);
    if (found == attributes.end() || found->second.integers.empty()) return fallback;
    const auto& values = found->second.integers;
    const bool same = std::all_of(values.begin(), values.end(), [&](auto v) { return v == values[0]; });
    if (!same || values[0] < 0 || values[0] > 1024)
        refuse_onnx("has an operation with uneven or absurd " + std::string(name));
    return static_cast<int>(values[0]);
}

std::string OnnxNode::text(const char* name, const char* fallback) const {
    const auto found = attributes.find(name);
    return found == attributes.end() || found->second.text.empty() ? fallback : found->second.text;
}

float OnnxNode::number(const char* name, float fallback) const {
    const auto found = attributes.find(name);
    return found == attributes.end() ? fallback : found->second.number;
}

std::int64_t OnnxNode::integer(const char* name, std::int64_t fallback) const {
    const auto found = attributes.find(name);
    return found == attributes.end() ? fallback : found->second.integer;
}

OnnxFile parse_onnx(std::span<const std::uint8_t> bytes) {
    constexpr std::uint32_t kGraphField = 7;
    ProtobufReader reader(bytes);
    while (const auto field = reader.next()) {
        if (field->number == kGraphField) return read_graph(field->bytes);
    }
    refuse_onnx("holds no network");
}

}  // namespace findme::face
