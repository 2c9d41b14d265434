#include "face/precision.hpp"

#include <oneapi/dnnl/dnnl.hpp>

#include "findme/error.hpp"

namespace findme::face {

std::string_view to_string(Precision precision) noexcept {
    return precision == Precision::bf16 ? "bf16" : "f32";
}

Precision best_precision() {
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::avx512_core_bf16:
        case dnnl::cpu_isa::avx512_core_amx:
            return Precision::bf16;
        default:
            return Precision::f32;
    }
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
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::avx512_core:
        case dnnl::cpu_isa::avx512_core_vnni:
        case dnnl::cpu_isa::avx512_core_bf16:
        case dnnl::cpu_isa::avx512_core_amx:
            return Precision::bf16;
        default:
            throw Error(
                ErrorCode::config_invalid,
                "models.precision is bf16, which this processor does not have: it needs AVX-512 (set it to "
                "auto or f32)");
    }
}

std::string_view instruction_set() {
    switch (dnnl::get_effective_cpu_isa()) {
        case dnnl::cpu_isa::sse41:
            return "sse41";
        case dnnl::cpu_isa::avx:
            return "avx";
        case dnnl::cpu_isa::avx2:
            return "avx2";
        case dnnl::cpu_isa::avx2_vnni:
            return "avx2_vnni";
        case dnnl::cpu_isa::avx512_core:
            return "avx512_core";
        case dnnl::cpu_isa::avx512_core_vnni:
            return "avx512_core_vnni";
        case dnnl::cpu_isa::avx512_core_bf16:
            return "avx512_core_bf16";
        case dnnl::cpu_isa::avx512_core_amx:
            return "avx512_core_amx";
        default:
            return "portable";
    }
}

}  // namespace findme::face
