// SPDX-License-Identifier: Apache-2.0
#include "store/catalogue/bound_filter.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/suggestion.h"
#include "store/catalogue/filter_leaf.h"
#include "store/catalogue/filter_sources.h"
#include "store/catalogue/row_bitmap.h"

namespace freshet::store {
namespace {

/// Of a filter whose NOTs have been moved to its comparisons.
struct BoundNode {
  enum class Kind : std::uint8_t { constant, all, any, leaf };
  Kind kind = Kind::constant;
  bool value = false;    ///< of a constant
  bool negated = false;  ///< of a leaf
  std::vector<BoundNode> children;
  std::optional<FilterLeaf> leaf;
  std::uint64_t estimate = 0;  ///< rows that match, at most

  bool is_slow() const {
    return kind == Kind::leaf ? leaf->is_slow() : std::ranges::any_of(children, &BoundNode::is_slow);
  }
  bool reads_store() const {
    return kind == Kind::leaf ? leaf->reads_store() : std::ranges::any_of(children, &BoundNode::reads_store);
  }
};

BoundNode constant(bool value, std::uint64_t rows) {
  BoundNode node;
  node.value = value;
  node.estimate = value ? rows : 0;
  return node;
}

bool is_unknown(const FilterComparison& comparison, const AttributeColumns& columns) {
  return comparison.field == FilterField::attribute && !columns.find(comparison.attribute);
}

std::string why_unknown(const FilterComparison& comparison, const AttributeColumns& columns) {
  auto known = columns.names();
  known.emplace_back("item");
  std::ranges::sort(known);  // the answer does not depend on the order in which attributes came
  const std::string suggestion = nearest(comparison.attribute, known);
  std::string message = comparison.place(comparison.column) + "unknown attribute \"" + comparison.attribute + '"';
  if (!suggestion.empty()) message += "; did you mean \"" + suggestion + "\"?";
  return message;
}

void add_unknown(const FilterNode& node, const AttributeColumns& columns, std::size_t most,
                 std::vector<std::string>& out) {
  if (out.size() == most) return;
  if (node.comparison && is_unknown(*node.comparison, columns)) out.push_back(why_unknown(*node.comparison, columns));
  for (const FilterNode& child : node.children) add_unknown(child, columns, most, out);
}

class Binder {
 public:
  Binder(FilterSources& sources, const FilterContext& context)
      : sources_(sources), context_(context), rows_(sources.columns.rows().size()), left_(sources.work.left()) {}

  /// What has been done, without what was known already.
  std::uint64_t done() const { return left_ - sources_.work.left() - sources_.remembered; }

  /// Whether the rest is left to another one.
  bool is_interrupted() const { return interrupted_; }

  Result<BoundNode> bind(const FilterNode& node, bool negated) {
    switch (node.kind) {
      case FilterNode::Kind::negation: return bind(node.children.front(), !negated);
      case FilterNode::Kind::comparison: return bind(*node.comparison, negated);
      default: return bind_children(node, negated);
    }
  }

 private:
  Result<BoundNode> bind(const FilterComparison& comparison, bool negated) {
    if (context_.strict && is_unknown(comparison, sources_.columns)) {
      return Error{Errc::invalid, why_unknown(comparison, sources_.columns)};
    }
    interrupted_ = interrupted_ || (done() > context_.most_at_once && !sources_.work.used_up());
    if (interrupted_) return constant(false, rows_);
    BoundNode node;
    node.leaf.emplace(comparison, sources_, context_.item);
    if (!node.leaf->has_values()) return constant(negated, rows_);
    node.kind = BoundNode::Kind::leaf;
    node.negated = negated != comparison.negated;
    if (!node.negated) {
      node.estimate = std::min(rows_, node.leaf->estimate());
    } else {
      node.estimate = node.leaf->is_exact() ? rows_ - std::min(rows_, node.leaf->estimate()) : rows_;
    }
    return node;
  }

  /// By De Morgan: of a negated OR, none of its parts holds. Parts that decide nothing are left out, so that the work of
  /// comparisons is all there is.
  Result<BoundNode> bind_children(const FilterNode& node, bool negated) {
    BoundNode bound;
    const bool all = (node.kind == FilterNode::Kind::all) != negated;
    bound.kind = all ? BoundNode::Kind::all : BoundNode::Kind::any;
    bound.estimate = all ? rows_ : 0;
    for (const FilterNode& child : node.children) {
      auto part = bind(child, negated);
      if (!part) return part;
      if (part->kind == BoundNode::Kind::constant && part->value == all) continue;
      bound.estimate =
          all ? std::min(bound.estimate, part->estimate) : std::min(rows_, bound.estimate + part->estimate);
      bound.children.push_back(std::move(*part));
    }
    const auto decides = [](const BoundNode& part) { return part.kind == BoundNode::Kind::constant; };
    if (bound.children.empty() || std::ranges::any_of(bound.children, decides)) {
      return constant(bound.children.empty() == all, rows_);
    }
    if (bound.children.size() == 1) return std::move(bound.children.front());
    // What decides most, and costs least to ask, first.
    std::ranges::stable_sort(bound.children, [&](const BoundNode& a, const BoundNode& b) {
      if (a.is_slow() != b.is_slow()) return b.is_slow();
      return all ? a.estimate < b.estimate : a.estimate > b.estimate;
    });
    return bound;
  }

  FilterSources& sources_;
  const FilterContext& context_;
  std::uint64_t rows_, left_;
  bool interrupted_ = false;
};

}  // namespace

struct BoundFilter::Impl {
  Impl(SharedItemFilter the_filter, const AttributeColumns& columns, const CatalogueTexts& texts,
       const FilterContext& the_context)
      : filter(std::move(the_filter)), context(the_context), sources(columns, texts, context.most_work) {}

  SharedItemFilter filter;
  FilterContext context;
  FilterSources sources;
  BoundNode root;
  bool complete = false, judged = false;  // judged: it has been complete
  int tries = 0;

  /// Returns what it has cost.
  Result<std::uint64_t> bind() {
    constexpr int kMostTries = 200;  // changes all the time do not keep it from its end
    if (++tries > kMostTries) context.most_at_once = FilterWork::kUnlimited;
    sources.remembered = 0;
    Binder binder(sources, context);
    auto bound = binder.bind(filter->root(), false);
    if (!bound) return bound.error();
    root = *std::move(bound);
    complete = !binder.is_interrupted();
    if (complete) {
      judged = true;
      tries = 0;
      context.strict = false;  // an attribute that nothing has any more is missing
    }
    return binder.done();
  }

  /// False also if the work is used up.
  bool matches(const BoundNode& node, CatalogueRow row) {
    return evaluate(node, [&](const FilterLeaf& leaf) { return leaf.matches(sources, row); });
  }

  template <typename Test>
  bool evaluate(const BoundNode& node, const Test& test) {
    return !sources.work.used_up() && holds(node, test) && !sources.work.used_up();
  }

  template <typename Test>
  static bool holds(const BoundNode& node, const Test& test) {
    const auto child_holds = [&](const BoundNode& child) { return holds(child, test); };
    switch (node.kind) {
      case BoundNode::Kind::constant: return node.value;
      case BoundNode::Kind::leaf: return test(*node.leaf) != node.negated;
      case BoundNode::Kind::all: return std::ranges::all_of(node.children, child_holds);
      case BoundNode::Kind::any: return std::ranges::any_of(node.children, child_holds);
    }
    return false;
  }

  /// Calls `visit` for each row that `node` lets pass, once, until it returns false or the work is used up. Returns false
  /// if that happened.
  bool visit(const BoundNode& node, const VisitRow& visit_row) {
    switch (node.kind) {
      case BoundNode::Kind::constant: return !node.value || sources.columns.rows().visit(visit_row);
      case BoundNode::Kind::leaf: return node.negated ? scan(node, visit_row) : node.leaf->visit(sources, visit_row);
      case BoundNode::Kind::all: return visit_all(node, visit_row);
      case BoundNode::Kind::any: return is_scanned(node) ? scan(node, visit_row) : visit_any(node, visit_row);
    }
    return true;
  }

  /// Whether an OR is asked row by row: it is broad, or several of its parts would read the same texts.
  bool is_scanned(const BoundNode& any) const {
    return any.estimate >= sources.columns.rows().size() / 2 ||
           std::ranges::count_if(any.children, &BoundNode::reads_store) > 1;
  }

  /// What a test of a row leads to.
  bool goes_on(bool passed, CatalogueRow row, const VisitRow& visit_row) const {
    return !sources.work.used_up() && (!passed || visit_row(row));
  }

  bool scan(const BoundNode& node, const VisitRow& visit_row) {
    const auto test = [&](CatalogueRow row) { return goes_on(matches(node, row), row, visit_row); };
    return sources.columns.rows().visit(test);
  }

  bool visit_any(const BoundNode& node, const VisitRow& visit_row) {
    const RowBitmap rows = make_bitmap();
    const auto add = [&](CatalogueRow row) {
      roaring_bitmap_add(rows.get(), row);
      return sources.work.take(1);
    };
    const auto add_all = [&](const BoundNode& child) { return visit(child, add); };
    return std::ranges::all_of(node.children, add_all) && visit_bitmap(rows.get(), visit_row);
  }

  /// By the conjunct with the fewest rows, or by what the bitmaps have in common; the others are tested.
  bool visit_all(const BoundNode& node, const VisitRow& visit_row) {
    std::vector<const BoundNode*> others;
    const auto passes = [&](CatalogueRow row) {
      const auto holds = [&](const BoundNode* other) { return matches(*other, row); };
      return goes_on(std::ranges::all_of(others, holds), row, visit_row);
    };
    const auto& fewest = *std::ranges::min_element(node.children, {}, &BoundNode::estimate);
    std::vector<const roaring_bitmap_t*> bitmaps;
    const bool fewest_is_bitmap = bitmap_of(fewest) != nullptr;
    for (const BoundNode& child : node.children) {
      if (const auto* bitmap = fewest_is_bitmap ? bitmap_of(child) : nullptr) {
        bitmaps.push_back(bitmap);
      } else if (&child != &fewest) {
        others.push_back(&child);
      }
    }
    if (bitmaps.size() < 2) return visit(fewest, passes);
    const std::uint64_t rows = sources.columns.rows().size();
    if (!sources.work.take(bitmaps.size() * (1 + rows / FilterWork::kRowsPerCountUnit))) return false;
    RowBitmap common(roaring_bitmap_and(bitmaps[0], bitmaps[1]));
    for (std::size_t i = 2; i < bitmaps.size(); ++i) roaring_bitmap_and_inplace(common.get(), bitmaps[i]);
    return visit_bitmap(common.get(), passes);
  }

  /// Adds rows to `rows`, all that `node` lets pass among them. False if the work is used up.
  bool add_candidates(const BoundNode& node, roaring_bitmap_t* rows) {
    const auto add = [&](CatalogueRow row) {
      roaring_bitmap_add(rows, row);
      return sources.work.take(1);
    };
    const auto add_all_of = [&](const BoundNode& child) { return add_candidates(child, rows); };
    const auto add_all = [&] { return sources.columns.rows().add_to(rows), true; };
    switch (node.kind) {
      case BoundNode::Kind::constant: return !node.value || add_all();
      case BoundNode::Kind::leaf: return node.negated ? add_all() : node.leaf->visit_candidates(sources, add);
      case BoundNode::Kind::all:
        return add_candidates(*std::ranges::min_element(node.children, {}, &BoundNode::estimate), rows);
      case BoundNode::Kind::any: return is_scanned(node) ? add_all() : std::ranges::all_of(node.children, add_all_of);
    }
    return true;
  }

  static const roaring_bitmap_t* bitmap_of(const BoundNode& node) {
    return node.kind == BoundNode::Kind::leaf && !node.negated ? node.leaf->bitmap() : nullptr;
  }
};

Result<BoundFilter> BoundFilter::bind(SharedItemFilter filter, const AttributeColumns& columns,
                                      const CatalogueTexts& texts, const FilterContext& context) {
  auto impl = std::make_unique<Impl>(std::move(filter), columns, texts, context);
  if (auto bound = impl->bind(); !bound) return bound.error();
  return BoundFilter(std::move(impl));
}

bool BoundFilter::is_complete() const { return impl_->complete; }

Result<std::uint64_t> BoundFilter::bind_again(const std::optional<std::vector<CatalogueRow>>& changed) {
  Impl& impl = *impl_;
  impl.sources.forget(changed);
  if (!impl.judged) {
    impl.sources.work = FilterWork(impl.context.most_work);
    return impl.bind();
  }
  const FilterWork of_list = std::exchange(impl.sources.work, FilterWork(FilterWork::kUnlimited));
  auto cost = impl.bind();
  impl.sources.work = of_list;
  return cost;
}

BoundFilter::BoundFilter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
BoundFilter::BoundFilter(BoundFilter&&) noexcept = default;
BoundFilter& BoundFilter::operator=(BoundFilter&&) noexcept = default;
BoundFilter::~BoundFilter() = default;

bool BoundFilter::matches(CatalogueRow row) const {
  return impl_->sources.work.take(FilterWork::kRow) && impl_->matches(impl_->root, row);
}

bool BoundFilter::matches_unknown(std::string_view item) const {
  return impl_->evaluate(impl_->root,
                         [&](const FilterLeaf& leaf) { return leaf.matches_unknown(impl_->sources, item); });
}

bool BoundFilter::is_used_up() const { return impl_->sources.work.used_up(); }

std::uint64_t BoundFilter::work_left() const { return impl_->sources.work.left(); }

std::uint64_t BoundFilter::estimate() const { return impl_->root.estimate; }

std::size_t BoundFilter::enumerate(std::size_t limit, const std::function<void(CatalogueRow)>& visit) const {
  std::size_t visited = 0;
  if (limit == 0 || is_used_up()) return 0;
  impl_->visit(impl_->root, [&](CatalogueRow row) {
    visit(row);
    return ++visited < limit;
  });
  return visited;
}

std::vector<std::string> BoundFilter::unknown_attributes() const {
  constexpr std::size_t kMost = 10;
  std::vector<std::string> unknown;
  add_unknown(impl_->filter->root(), impl_->sources.columns, kMost, unknown);
  return unknown;
}

std::vector<CatalogueRow> BoundFilter::candidates() const {
  const RowBitmap rows = make_bitmap();
  if (is_used_up() || !impl_->add_candidates(impl_->root, rows.get())) return {};
  std::vector<CatalogueRow> list(roaring_bitmap_get_cardinality(rows.get()));
  roaring_bitmap_to_uint32_array(rows.get(), list.data());
  return list;
}

}  // namespace freshet::store
