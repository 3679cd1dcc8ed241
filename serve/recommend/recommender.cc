// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/recommender.h"

#include <algorithm>
#include <optional>
#include <span>

#include "base/random_id.h"
#include "online/model/ranking.h"
#include "online/part/item_order.h"
#include "serve/recommend/all_items.h"
#include "serve/recommend/catalogue_selection.h"
#include "serve/recommend/content_share.h"
#include "serve/recommend/filter.h"
#include "serve/recommend/request_scope.h"
#include "serve/recommend/sessions.h"
#include "serve/recommend/stage_metrics.h"
#include "store/catalogue/filter_cache.h"

namespace freshet::serve {
namespace {

using online::Ranking;
using online::Scorer;

constexpr std::uint64_t kFilterCacheBytes = std::uint64_t{16} << 20;
// A selection of no more items is ranked whole: that costs no more than to ask the parts for items that are so rare.
constexpr std::size_t kRankedWhole = 512;

std::vector<const Scorer*> scorers_of(const online::Snapshot& snapshot) {
  std::vector<const Scorer*> scorers;
  scorers.reserve(snapshot.parts.size());
  for (const auto& part : snapshot.parts) scorers.push_back(part.get());
  return scorers;
}

/// Takes `items`, without `except`, for candidates of every part in `which`.
void take_all(const std::vector<online::ItemIndex>& items, online::ItemIndex except, std::uint32_t which,
              Ranking& ranking) {
  ranking.items = items;
  std::erase(ranking.items, except);
  ranking.sources.assign(ranking.items.size(), which);
}

/// Names the parts that proposed an item of the list.
void name_sources(online::Scorers scorers, const Ranking& ranking, std::span<const std::size_t> rows, List& list) {
  std::uint32_t sources = 0;
  for (const std::size_t row : rows) sources |= ranking.sources[row];
  list.parts.reserve(scorers.size());
  for (std::size_t p = 0; p < scorers.size(); ++p) {
    if ((sources >> p & 1U) != 0) list.parts.emplace_back(scorers[p]->name());
  }
}

/// Names, per entry, the parts that proposed it, with their own scores.
void explain(online::Scorers scorers, const Ranking& ranking, std::span<const std::size_t> rows, List& list) {
  const std::size_t stride = ranking.features.size() / std::max<std::size_t>(1, ranking.items.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::size_t own = rows[i] * stride;  // the place of the part's own score, its first feature
    for (std::size_t p = 0; p < scorers.size(); own += scorers[p++]->features().size()) {
      if ((ranking.sources[rows[i]] >> p & 1U) == 0) continue;
      list.items[i].parts.emplace_back(scorers[p]->name(), ranking.features[own]);
    }
  }
}

/// The part that orders all items, and its number.
struct OrderingPart {
  const online::ItemOrder* order = nullptr;
  std::size_t part = 0;
};

OrderingPart ordering_part(online::Scorers scorers) {
  for (std::size_t p = 0; p < scorers.size(); ++p) {
    if (const auto* order = dynamic_cast<const online::ItemOrder*>(scorers[p])) return {order, p};
  }
  return {};
}

std::vector<std::string> names_of(const std::vector<std::unique_ptr<Filter>>& filters) {
  std::vector<std::string> names;
  for (const auto& filter : filters) names.emplace_back(filter->name());
  return names;
}

/// Reused from request to request: no allocation once warm.
Ranking& thread_ranking() {
  thread_local Ranking ranking;
  return ranking;
}
RequestScope& thread_scope() {
  thread_local RequestScope scope;
  return scope;
}

}  // namespace

struct Recommender::Impl {
  Impl(const Services& the_services, ExplorationOptions options)
      : services(the_services),
        sessions(services),
        catalogue_rows(services.catalogue, services.vocabulary, services.online.max_items),
        filters(make_filters(services.catalogue, catalogue_rows)),
        exploration(std::move(options), services.metrics),
        metrics(services.metrics, names_of(filters)) {}

  List start(const online::Snapshot& snapshot) const;
  bool keep(const ListRequest& request, FilterCandidate& candidate) const;
  List blended(const ListRequest& request, const online::Snapshot& snapshot) const;
  List popular(const ListRequest& request, const online::Snapshot& snapshot) const;
  template <typename Score>
  List fill(const online::Snapshot& snapshot, const ListRequest& request, online::Scorers scorers, std::uint32_t which,
            std::size_t per_part, Score score) const;
  std::vector<std::size_t> select(const ListRequest& request, const Ranking& ranking, List& list) const;
  void explore(const ListRequest& request, online::Scorers scorers, const Ranking& ranking,
               std::vector<std::size_t>& rows, List& list) const;
  std::vector<std::string> add_known_items(const ListRequest& request, const RequestScope& scope,
                                           online::Scorers scorers, std::size_t most, std::span<const std::size_t> rows,
                                           List& list, Ranking& ranking) const;
  void add_unknown_items(const ListRequest& request, List& list) const;

  const Services& services;
  const Sessions sessions;
  mutable CatalogueRows catalogue_rows;
  mutable store::FilterCache parsed_filters{kFilterCacheBytes};
  std::vector<std::unique_ptr<Filter>> filters;
  const Exploration exploration;
  mutable StageMetrics metrics;
};

Recommender::Recommender(const Services& services, ExplorationOptions exploration)
    : impl_(std::make_unique<Impl>(services, std::move(exploration))) {}
Recommender::~Recommender() = default;

Result<online::Context> Recommender::context_of(const Owner& owner) const {
  const StageMetrics::Timer timer(impl_->metrics, StageMetrics::context);
  return impl_->sessions.current(owner);
}

online::Context Recommender::context_of(std::vector<Event> session) const {
  return impl_->sessions.given(std::move(session));
}

online::Context Recommender::context_of(const std::vector<std::string>& items) const {
  return impl_->sessions.of_items(items);
}

Result<void> Recommender::visit_events(const Owner& owner, const std::function<void(const Event&)>& visit) const {
  const StageMetrics::Timer timer(impl_->metrics, StageMetrics::context);
  return impl_->sessions.visit_events(owner, visit);
}

Result<std::shared_ptr<const ItemSelection>> Recommender::selection(std::string_view filter, std::string_view about,
                                                                    std::uint64_t most_work) const {
  auto parsed = impl_->parsed_filters.get(filter);
  if (!parsed) return parsed.error();
  std::optional<Item> item;
  if (!about.empty()) {
    auto found = impl_->services.catalogue.find(about);
    if (!found) return found.error();
    item = *std::move(found);
  }
  return CatalogueSelection::make(impl_->services, impl_->catalogue_rows, *std::move(parsed), std::move(item),
                                  most_work);
}

std::uint64_t Recommender::new_seed() const { return impl_->exploration.new_seed(); }

List Recommender::Impl::start(const online::Snapshot& snapshot) const {
  List list;
  list.id = random_id();
  list.model_version = snapshot.version;
  list.model_age_ms = std::max<std::int64_t>(0, to_ms(services.clock.now()) - to_ms(snapshot.published));
  return list;
}

/// True if every filter keeps the candidate, and it still has a name. The first filter that does not is counted; later
/// ones are not asked.
bool Recommender::Impl::keep(const ListRequest& request, FilterCandidate& candidate) const {
  for (std::size_t i = 0; i < filters.size(); ++i) {
    if (filters[i]->keep(request, candidate)) continue;
    metrics.removed(i);
    return false;
  }
  return !candidate.name().empty();
}

List Recommender::recommend(const ListRequest& request) const {
  const auto snapshot = impl_->services.snapshot();
  // The blender learns from sessions that have begun. For an empty one popularity is all there is.
  return request.context.session.empty() ? impl_->popular(request, *snapshot) : impl_->blended(request, *snapshot);
}

/// Fills the list with the best candidates that the filters keep; returns their rows. Candidates are named and filtered
/// in order of rank until the list is full, so most never are.
std::vector<std::size_t> Recommender::Impl::select(const ListRequest& request, const Ranking& ranking,
                                                   List& list) const {
  const StageMetrics::Timer timer(metrics, StageMetrics::selection);
  std::vector<std::size_t> rows;
  rows.reserve(std::min(request.k, ranking.items.size()));
  list.items.clear();
  list.items.reserve(rows.capacity());
  const CatalogueRows::Epoch epoch = catalogue_rows.epoch();
  const auto visit = [&](std::size_t row) {
    FilterCandidate candidate(ranking.items[row], epoch, services.vocabulary);
    if (!keep(request, candidate)) return true;
    list.items.push_back({std::move(candidate.name()), ranking.scores[row], {}});
    rows.push_back(row);
    return rows.size() < request.k;
  };
  online::visit_best_first(ranking, visit, [&](std::size_t row) { services.vocabulary.prefetch(ranking.items[row]); });
  return rows;
}

/// Of a full list of candidates, some of which it does not have.
void Recommender::Impl::explore(const ListRequest& request, online::Scorers scorers, const Ranking& ranking,
                                std::vector<std::size_t>& rows, List& list) const {
  const CatalogueRows::Epoch epoch = catalogue_rows.epoch();
  const auto name_if_kept = [&](std::size_t row) {
    FilterCandidate candidate(ranking.items[row], epoch, services.vocabulary);
    return keep(request, candidate) ? std::move(candidate.name()) : std::string();
  };
  exploration.explore(request.seed.value_or(exploration.new_seed()), scorers, ranking, name_if_kept, rows, list);
}

/// Reduces the ranking to the rows that are in the list, and adds other items that the filters keep, at most `most`: as
/// many as each part was asked for. Returns the names of all.
std::vector<std::string> Recommender::Impl::add_known_items(const ListRequest& request, const RequestScope& scope,
                                                            online::Scorers scorers, std::size_t most,
                                                            std::span<const std::size_t> rows, List& list,
                                                            Ranking& ranking) const {
  const StageMetrics::Timer timer(metrics, StageMetrics::sources);
  std::vector<online::ItemIndex> items;
  std::vector<std::uint32_t> sources;
  std::vector<std::string> names;
  ranking.row_of.clear();
  const auto add = [&](online::ItemIndex item, std::uint32_t proposed_by, std::string name) {
    ranking.row_of.find_or_insert(item, static_cast<std::uint32_t>(items.size()));
    items.push_back(item);
    sources.push_back(proposed_by);
    names.push_back(std::move(name));
  };
  for (std::size_t i = 0; i < rows.size(); ++i) {
    add(ranking.items[rows[i]], ranking.sources[rows[i]], std::move(list.items[i].item));
  }
  const auto [order, part] = ordering_part(scorers);
  const std::uint32_t source = order == nullptr ? 0 : std::uint32_t{1} << part;
  // A part that has proposed fewer than it was asked for has no other items.
  const bool more = order != nullptr && ranking.proposals[part].candidates.size() == most;
  const auto visit = [&](FilterCandidate& candidate) {
    if (ranking.row_of.find(candidate.item()) == online::ItemTable::kAbsent && keep(request, candidate)) {
      add(candidate.item(), source, std::move(candidate.name()));
    }
    return items.size() < rows.size() + most;
  };
  visit_known_items(services, catalogue_rows, scope, more ? order : nullptr, visit);
  metrics.proposed(items.size() - rows.size());
  ranking.items = std::move(items);
  ranking.sources = std::move(sources);
  return names;
}

/// Appends items that only the catalogue knows, until the list is full. Nothing tells how good they are.
void Recommender::Impl::add_unknown_items(const ListRequest& request, List& list) const {
  const float least = list.items.empty() ? 0.0F : list.items.back().score;
  visit_unknown_items(services, request.only.get(), [&](FilterCandidate& candidate) {
    if (keep(request, candidate)) list.items.push_back({std::move(candidate.name()), least, {}});
    return list.items.size() < request.k;
  });
}

/// The four stages for `scorers`, from `per_part` allowed candidates of those in `which`, or from all allowed ones if
/// they are few. If the filters leave fewer than request.k of them, as many other items are ranked too. `score` fills
/// ranking.scores and returns List::source.
template <typename Score>
List Recommender::Impl::fill(const online::Snapshot& snapshot, const ListRequest& request, online::Scorers scorers,
                             std::uint32_t which, std::size_t per_part, Score score) const {
  List list = start(snapshot);
  Ranking& ranking = thread_ranking();
  RequestScope& scope = thread_scope();
  const online::Context context = snapshot.timeline.of(request.context);
  bool whole = false;
  {
    const StageMetrics::Timer timer(metrics, StageMetrics::sources);
    scope.begin(request, services.vocabulary, catalogue_rows);
    online::ask(scorers, context, ranking);
    whole = scope.all() != nullptr && scope.all()->size() <= kRankedWhole;
    if (whole) {
      take_all(*scope.all(), request.context.last_item(), which, ranking);
    } else {
      online::propose(scorers, per_part, scope.allowed(), ranking, which);
    }
  }
  metrics.proposed(ranking.items.size());
  list.source = score(ranking);
  std::vector<std::size_t> rows = select(request, ranking, list);
  if (rows.size() == request.k && request.explores && exploration.is_on()) {
    explore(request, scorers, ranking, rows, list);
  }
  if (rows.size() < request.k && !whole) {
    std::vector<std::string> names = add_known_items(request, scope, scorers, per_part, rows, list, ranking);
    list.source = score(ranking);
    rows = online::top_k(ranking, request.k);
    list.items.clear();
    for (const std::size_t row : rows) list.items.push_back({std::move(names[row]), ranking.scores[row], {}});
  }
  name_sources(scorers, ranking, rows, list);
  if (request.explain) explain(scorers, ranking, rows, list);
  if (list.items.size() < request.k) add_unknown_items(request, list);
  if (list.items.empty() && request.only) list.notes = request.only->doubts();
  scope.count(metrics);
  metrics.returned(list.items.size());
  return list;
}

List Recommender::Impl::blended(const ListRequest& request, const online::Snapshot& snapshot) const {
  const auto scorers = scorers_of(snapshot);
  const ContentShare content(scorers, request.content);
  const online::Worths worths(*snapshot.actions, request.values ? *request.values : services.online.values);
  const auto score = [&](Ranking& ranking) {
    const StageMetrics::Timer timer(metrics, StageMetrics::scoring);
    online::extract_features(scorers, ranking);
    return content.score(snapshot, worths, ranking);
  };
  return fill(snapshot, request, scorers, content.parts(),
              std::max(services.online.blender.candidates_per_part, request.k), score);
}

/// One part and no blender: its own scores. Without the part, all items count the same.
List Recommender::Impl::popular(const ListRequest& request, const online::Snapshot& snapshot) const {
  auto scorers = scorers_of(snapshot);
  std::erase_if(scorers, [](const Scorer* scorer) { return scorer->name() != "popularity"; });
  const auto score = [&](Ranking& ranking) {
    online::extract_features(scorers, ranking);
    ranking.scores.assign(ranking.items.size(), 0.0F);
    const std::size_t stride = scorers.empty() ? 0 : scorers.front()->features().size();
    for (std::size_t row = 0; stride > 0 && row < ranking.items.size(); ++row) {
      ranking.scores[row] = ranking.features[row * stride];
    }
    return "popularity";
  };
  return fill(snapshot, request, scorers, online::kEveryPart, request.k, score);
}

List Recommender::popular(const ListRequest& request) const {
  return impl_->popular(request, *impl_->services.snapshot());
}

List Recommender::rank(const online::Context& given, const std::vector<std::string>& items, std::optional<double> share,
                       const std::optional<online::Values>& values) const {
  const auto snapshot = impl_->services.snapshot();
  const online::Context context = snapshot->timeline.of(given);
  const auto scorers = scorers_of(*snapshot);
  const ContentShare content(scorers, share);
  const online::Worths worths(*snapshot->actions, values ? *values : impl_->services.online.values);
  Ranking& ranking = thread_ranking();
  ranking.items.clear();
  std::vector<std::string> known, unknown;
  for (const std::string& name : items) {
    const online::ItemIndex item = impl_->services.vocabulary.find(name);
    if (item == online::kNoItem) {
      unknown.push_back(name);
    } else {
      ranking.items.push_back(item);
      known.push_back(name);
    }
  }
  List list = impl_->start(*snapshot);
  {
    const StageMetrics::Timer timer(impl_->metrics, StageMetrics::scoring);
    online::ask(scorers, context, ranking);
    online::extract_features(scorers, ranking);
    list.source = content.score(*snapshot, worths, ranking);
  }
  const StageMetrics::Timer timer(impl_->metrics, StageMetrics::selection);
  float least = 0;
  online::visit_best_first(ranking, [&](std::size_t row) {
    least = ranking.scores[row];
    list.items.push_back({std::move(known[row]), ranking.scores[row], {}});
    return true;
  });
  for (std::string& name : unknown) list.items.push_back({std::move(name), least, {}});
  if (!list.items.empty()) {
    for (std::size_t p = 0; p < scorers.size(); ++p) {
      if ((content.parts() >> p & 1U) != 0) list.parts.emplace_back(scorers[p]->name());
    }
  }
  impl_->metrics.returned(list.items.size());
  return list;
}

Recommender::Components Recommender::components() const {
  Components components{{}, names_of(impl_->filters)};
  for (const auto& part : impl_->services.snapshot()->parts) components.sources.emplace_back(part->name());
  return components;
}

}  // namespace freshet::serve
