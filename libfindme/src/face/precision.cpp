#include "face/precision.hpp"

#include "face/network_engine.hpp"
#include "findme/error.hpp"

namespace findme::face {

std::string_view to_string(Precision precision) noexcept {
    return precision == Precision::bf16 ? "bf16" : "f32";
}

Precision best_precision() {
    const auto instructions = instruction_set();
    return instructions == "avx512_core_bf16" || instructions == "avx512_core_amx" ? Precision::bf16
                                                                                   : Precision::f32;
}

Precision precision_of(ModelPrecision setting) {
    switch (setting) {
        case ModelPrecision::automatic:
            return best_precision();
        case ModelPrecision::f32:
            return Precision::f32;
        case ModelPrecision::bf16:
            break;
    }
    if (instruction_set().starts_with("avx512_core")) return Precision::bf16;
    throw Error(ErrorCode::config_invalid,
                "models.precision is bf16, which this processor does not have: it needs AVX-512 (set it to "
                "auto or f32)");
}

std::string_view instruction_set() {
    return network_engine().instruction_set();
}

}  // namespace findme::face
