#include <algorithm>
#include <array>
#include <memory>
#include <new>
#include <vector>

#include "image/jpeg_kernels.hpp"
#include "image/jpeg_planes.hpp"
#include "image/jpeg_scan.hpp"
#include "image/jpeg_scan_bytes.hpp"

namespace findme::image {
namespace {

constexpr std::uint8_t kRst0 = 0xd0;
constexpr std::uint8_t kEoi = 0xd9;

constexpr int kGroupRows = 9;
constexpr int kMostLanes = 4;
constexpr std::size_t kBatchValues = std::size_t{kBatchMcus} * kMostMcuBlocks * kGroupRows * 8;

/// The order in which a scan gives a block's coefficients.
constexpr std::array<std::uint8_t, 64> kZigzag = {
    0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,  12, 19, 26, 33, 40, 48,
    41, 34, 27, 20, 13, 6,  7,  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23,
    30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

/// Everything that one decoding needs, allocated once.
struct Workspace {
    alignas(64) std::int16_t coefficients[kBatchValues];
    alignas(64) std::int16_t quantisers[3][64 * kMostLanes];
    std::uint8_t last[kBatchMcus * kMostMcuBlocks];
    DcTable dc_tables[4];
    AcTable ac_tables[4];
};

/// A component's row of blocks within a batch.
struct BlockRow {
    int component;
    int y;  ///< Within the MCU.
    int across;
    std::int16_t* coefficients;
    std::uint8_t* last;
};

class ScanDecoder {
  public:
    ScanDecoder(const JpegScan& scan, const JpegKernels& kernels, Image& image)
        : scan_(scan),
          kernels_(kernels),
          work_(std::make_unique_for_overwrite<Workspace>()),
          bytes_(scan.bytes),
          planes_(scan, kernels, image) {}

    [[nodiscard]] bool run() {
        if (!build_tables()) return false;
        plan_batch();
        if (!begin_segment()) return false;
        const int across = mcus_across(scan_);
        const int down = mcus_down(scan_);
        for (int row = 0; row < down; ++row) {
            for (int first = 0; first < across; first += kBatchMcus) {
                const int count = std::min(kBatchMcus, across - first);
                std::fill_n(work_->coefficients, used_values_, std::int16_t{0});
                if (!decode_batch(count)) return false;
                transform_batch(row, first, count);
            }
            planes_.finish_mcu_row(row);
        }
        return ends_well() && bytes_.marker() == kEoi;
    }

  private:
    bool build_tables();
    void plan_batch();
    void plan_row(int component, int blocks_before, int first_of_mcu);
    bool decode_batch(int count);
    void transform_batch(int mcu_row, int first, int count);
    bool begin_segment();
    bool ends_well();
    bool restart();

    [[nodiscard]] Idct idct_of(int block_px) const {
        switch (block_px) {
            case 8:
                return kernels_.idct_8x8;
            case 4:
                return kernels_.idct_4x4;
            case 2:
                return kernels_.idct_2x2;
            default:
                return kernels_.idct_1x1;
        }
    }

    const JpegScan& scan_;
    const JpegKernels& kernels_;
    std::unique_ptr<Workspace> work_;
    JpegScanBytes bytes_;
    JpegPlanes planes_;
    BatchPlan plan_{};
    EntropyState state_{};
    std::vector<BlockRow> rows_;
    std::size_t used_values_ = 0;
    int until_restart_ = 0;
    std::uint8_t next_restart_ = 0;
};

bool ScanDecoder::build_tables() {
    std::array<bool, 4> has_dc{};
    std::array<bool, 4> has_ac{};
    for (int i = 0; i < scan_.component_count; ++i) {
        const auto& component = scan_.components[i];
        const auto dc = static_cast<std::size_t>(component.dc_table);
        const auto ac = static_cast<std::size_t>(component.ac_table);
        if (dc >= 4 || ac >= 4 || !scan_.dc_tables[dc] || !scan_.ac_tables[ac]) return false;
        if (!has_dc[dc] && !build_dc_table(*scan_.dc_tables[dc], work_->dc_tables[dc])) return false;
        if (!has_ac[ac] && !build_ac_table(*scan_.ac_tables[ac], work_->ac_tables[ac])) return false;
        has_dc[dc] = has_ac[ac] = true;
    }
    return true;
}

void ScanDecoder::plan_batch() {
    const int lanes = kernels_.lanes;
    const auto place = [lanes](int at) { return static_cast<std::uint16_t>(at / 8 * 8 * lanes + at % 8); };
    std::fill(std::begin(plan_.places), std::end(plan_.places), place(64));
    std::transform(kZigzag.begin(), kZigzag.end(), std::begin(plan_.places), place);
    for (int i = 0; i < scan_.component_count; ++i) {
        const auto& component = scan_.components[i];
        for (int at = 0; at < 64; ++at)
            for (int lane = 0; lane < lanes; ++lane)
                work_->quantisers[i][place(at) + lane * 8] =
                    static_cast<std::int16_t>(component.quantisers[at]);
        plan_.mcu_blocks += component.across * component.down;
    }

    int blocks = 0;        // In the rows before.
    int first_of_mcu = 0;  // The row's first place in an MCU.
    for (int i = 0; i < scan_.component_count; ++i) {
        const auto& component = scan_.components[i];
        for (int y = 0; y < component.down; ++y) {
            plan_row(i, blocks, first_of_mcu);
            rows_.push_back({.component = i,
                             .y = y,
                             .across = component.across,
                             .coefficients = work_->coefficients + std::ptrdiff_t{blocks} * kGroupRows * 8,
                             .last = work_->last + blocks});
            blocks += component.across * kBatchMcus;
            first_of_mcu += component.across;
        }
    }
    used_values_ = static_cast<std::size_t>(blocks) * kGroupRows * 8;
}

void ScanDecoder::plan_row(int component, int blocks_before, int first_of_mcu) {
    const auto& of = scan_.components[component];
    const int lanes = kernels_.lanes;
    for (int x = 0; x < of.across * kBatchMcus; ++x) {
        const int in_mcu = first_of_mcu + x % of.across;
        const int group_offset = (blocks_before + x / lanes * lanes) * kGroupRows * 8;
        plan_.blocks[x / of.across * plan_.mcu_blocks + in_mcu] = {
            .dc = &work_->dc_tables[of.dc_table],
            .ac = &work_->ac_tables[of.ac_table],
            .component = component,
            .most_dc = 32767 / std::max<int>(1, of.quantisers[0]),
            .offset = group_offset + x % lanes * 8,
            .last_offset = blocks_before + x};
    }
}

bool ScanDecoder::begin_segment() {
    state_ = {};
    state_.at = bytes_.begin_segment();
    if (state_.at == nullptr) return false;
    state_.limit = bytes_.limit();
    until_restart_ = scan_.restart_interval;
    return true;
}

/// All bytes of the segment were used, but for the bits that fill its last one.
bool ScanDecoder::ends_well() {
    if (!bytes_.has_end()) {
        state_.at = bytes_.slide(state_.at);
        if (state_.at == nullptr || !bytes_.has_end()) return false;
    }
    const std::ptrdiff_t left = (bytes_.end() - state_.at) * 8 + static_cast<std::ptrdiff_t>(state_.count);
    return left >= 0 && left < 8;
}

bool ScanDecoder::restart() {
    if (!ends_well() || bytes_.marker() != kRst0 + next_restart_) return false;
    next_restart_ = static_cast<std::uint8_t>((next_restart_ + 1) % 8);
    return begin_segment();
}

bool ScanDecoder::decode_batch(int count) {
    for (int done = 0; done < count;) {
        if (scan_.restart_interval > 0 && until_restart_ == 0 && !restart()) return false;
        const int wanted = scan_.restart_interval > 0 ? std::min(count - done, until_restart_) : count - done;
        if (!kernels_.decode_mcus(state_, plan_, done, wanted, work_->coefficients, work_->last))
            return false;
        done += state_.decoded;
        until_restart_ -= state_.decoded;
        if (state_.decoded == wanted) continue;
        state_.at = bytes_.slide(state_.at);
        if (state_.at == nullptr) return false;
        state_.limit = bytes_.limit();
    }
    return true;
}

void ScanDecoder::transform_batch(int mcu_row, int first, int count) {
    for (const BlockRow& row : rows_) {
        JpegPlane& plane = planes_.plane(row.component);
        const int block_px = plane.grid.block_px;
        const int groups = (count * row.across + kernels_.lanes - 1) / kernels_.lanes;
        std::uint8_t* out = plane.row(mcu_row * plane.rows + row.y * block_px) +
                            static_cast<std::ptrdiff_t>(first) * row.across * block_px;
        idct_of(block_px)(row.coefficients, work_->quantisers[row.component], row.last, groups, out,
                          static_cast<std::ptrdiff_t>(plane.stride_bytes));
    }
}

}  // namespace

bool decode_scan(const JpegScan& scan, const JpegKernels& kernels, Image& image) {
    return ScanDecoder(scan, kernels, image).run();
}

}  // namespace findme::image
