#include "output/erasure.hpp"

#include <algorithm>
#include <vector>

#include "output/text.hpp"

namespace findme::cli {
namespace {

std::int64_t found_rows(const ErasureReceipt& receipt) {
    std::int64_t sum = 0;
    for (const auto& table : receipt.tables) sum += table.found;
    return sum;
}

}  // namespace

Json to_json(const ErasureReceipt& receipt) {
    Json tables = Json::array();
    for (const auto& table : receipt.tables) {
        tables.push_back({{"table", table.table}, {"found", table.found}, {"left", table.left}});
    }
    return {{"type", "erasure_receipt"},    {"v", 1},
            {"subject", receipt.subject},   {"dry_run", receipt.dry_run},
            {"found", found_rows(receipt)}, {"left", receipt.left()},
            {"scrubbed", receipt.scrubbed}, {"tables", std::move(tables)}};
}

std::string found_text(const ErasureReceipt& receipt) {
    std::vector<ErasureCount> tables;
    for (const auto& table : receipt.tables) {
        if (table.found > 0) tables.push_back(table);
    }
    std::stable_sort(tables.begin(), tables.end(),
                     [](const auto& a, const auto& b) { return a.found > b.found; });
    std::string text;
    for (const auto& table : tables)
        text += (text.empty() ? "" : ", ") + shown(table.table) + " (" + std::to_string(table.found) + ")";
    return text.empty() ? "nothing" : text;
}

void print_receipt_text(Context& context, const ErasureReceipt& receipt) {
    const std::string rows = counted(found_rows(receipt), "row");
    context.out() << receipt.subject
                  << (receipt.dry_run ? ": would remove " + rows
                                      : ": removed " + rows + ", " + std::to_string(receipt.left()) + " left")
                  << '\n';
    std::vector<std::vector<std::string>> lines{{"TABLE", "FOUND", "LEFT"}};
    for (const auto& table : receipt.tables) {
        if (table.found == 0 && table.left == 0) continue;
        lines.push_back({shown(table.table), std::to_string(table.found),
                         receipt.dry_run ? "-" : std::to_string(table.left)});
    }
    if (lines.size() > 1) write_table(context.out(), lines);
}

ExitCode judge_receipt(Context& context, const ErasureReceipt& receipt) {
    if (receipt.dry_run) return ExitCode::done;
    if (receipt.left() > 0) {
        context.complain({ErrorCode::internal,
                          "rows of " + receipt.subject +
                              " are still in the database: please report it, and look what they are"});
        return ExitCode::failed;
    }
    if (receipt.scrubbed) return ExitCode::done;
    context.complain(
        {ErrorCode::store_locked,
         "another process is reading the database: the deleted bytes leave its log when that is done"});
    return ExitCode::partial;
}

ExitCode print_receipt(Context& context, const ErasureReceipt& receipt) {
    if (context.is_text()) {
        print_receipt_text(context, receipt);
    } else {
        write_line(context.out(), to_json(receipt));
    }
    return judge_receipt(context, receipt);
}

}  // namespace findme::cli
