#include "serve/recommender.h"

#include <algorithm>

#include "online/item_table.h"
#include "online/ranking.h"
#include "online/session.h"
#include "serve/pipeline/stage_metrics.h"

namespace freshet::serve {
namespace {

constexpr std::size_t kMaxDoublings = 4;  // of the candidates asked for when filters leave too few

using online::Ranking;
using online::Scorer;

std::vector<const Scorer*> scorers_of(const online::Snapshot& snapshot) {
  std::vector<const Scorer*> scorers;
  for (const auto& part : snapshot.parts) scorers.push_back(part.get());
  return scorers;
}

std::vector<std::string> names_of(const std::vector<std::unique_ptr<Filter>>& filters) {
  std::vector<std::string> names;
  for (const auto& filter : filters) names.emplace_back(filter->name());
  return names;
}

/// Buffers of one thread, reused from request to request.
struct Workspace {
  Ranking ranking;
  online::ItemTable sources;  // item -> bits of the parts that proposed it
};

Workspace& thread_workspace() {
  thread_local Workspace workspace;
  return workspace;
}

}  // namespace

struct Recommender::Impl {
  explicit Impl(const Services& the_services)
      : services(the_services),
        filters(make_filters(services.catalogue)),
        metrics(services.metrics, names_of(filters)) {}

  List start(const online::Snapshot& snapshot, std::string source) const;
  std::vector<NamedCandidate> keep(const ListRequest& request, const std::vector<online::ItemIndex>& items) const;
  List blended(const ListRequest& request, const online::Snapshot& snapshot) const;
  void explain(const online::Snapshot& snapshot, const Workspace& workspace, online::ItemIndex item, bool with_scores,
               List& list, List::Entry& entry) const;

  const Services& services;
  std::vector<std::unique_ptr<Filter>> filters;
  mutable StageMetrics metrics;
};

Recommender::Recommender(const Services& services) : impl_(std::make_unique<Impl>(services)) {}
Recommender::~Recommender() = default;

Result<online::Context> Recommender::context_of(const Owner& owner) const {
  const StageMetrics::Timer timer(impl_->metrics, StageMetrics::context);
  const Services& services = impl_->services;
  const auto events = services.histories.recent(owner, services.online.max_session_items);
  if (!events) return events.error();
  const auto find = [&](std::string_view item) { return services.vocabulary.find(item); };
  // Event time, not wall clock: a replayed log behaves as it did in its day.
  const Timestamp now = services.histories.stream_time();
  online::Context context = online::session_from_history(*events, now, services.online, find);
  if (context.session.empty() && !events->empty()) {
    context = online::session_from_history(*events, events->front().time, services.online, find);
    context.now = now;
  }
  const bool is_user = owner.kind == Owner::Kind::user;
  context.session_key = online::owner_key(owner.kind, owner.id);
  if (is_user) context.user_key = context.session_key;
  if (is_user && !events->empty() && !events->front().session.empty()) {
    context.session_key = online::owner_key(Owner::Kind::session, events->front().session);
  }
  return context;
}

online::Context Recommender::context_of(const std::vector<std::string>& items) const {
  online::Context context;
  context.now = impl_->services.histories.stream_time();
  for (const std::string& name : items) {
    const online::ItemIndex item = impl_->services.vocabulary.find(name);
    if (item != online::kNoItem && item != context.last_item()) context.session.push_back({item, context.now});
  }
  const std::size_t most = impl_->services.online.max_session_items;
  if (context.session.size() > most) {
    context.session.erase(context.session.begin(), context.session.end() - static_cast<std::ptrdiff_t>(most));
  }
  return context;
}

List Recommender::Impl::start(const online::Snapshot& snapshot, std::string source) const {
  List list;
  list.source = std::move(source);
  list.model_version = snapshot.version;
  list.model_age_ms = std::max<std::int64_t>(0, to_ms(services.clock.now()) - to_ms(snapshot.published));
  return list;
}

/// Resolves names once, then asks the filters, each only about what the ones before it kept.
std::vector<NamedCandidate> Recommender::Impl::keep(const ListRequest& request,
                                                    const std::vector<online::ItemIndex>& items) const {
  const StageMetrics::Timer timer(metrics, StageMetrics::filters);
  std::vector<NamedCandidate> kept;
  kept.reserve(items.size());
  for (const online::ItemIndex item : items) {
    // A number that was given up between proposing and naming has no name any more.
    if (std::string name = services.vocabulary.name(item); !name.empty()) kept.push_back({item, std::move(name)});
  }
  for (std::size_t i = 0; i < filters.size(); ++i) {
    const std::size_t removed =
        std::erase_if(kept, [&](const NamedCandidate& candidate) { return !filters[i]->keep(request, candidate); });
    if (removed > 0) metrics.removed(i, removed);
  }
  return kept;
}

void Recommender::Impl::explain(const online::Snapshot& snapshot, const Workspace& workspace, online::ItemIndex item,
                                bool with_scores, List& list, List::Entry& entry) const {
  const std::uint32_t sources = workspace.sources.find(item);
  for (std::size_t p = 0; p < snapshot.parts.size(); ++p) {
    if ((sources >> p & 1U) == 0) continue;
    const std::string name(snapshot.parts[p]->name());
    if (std::ranges::find(list.parts, name) == list.parts.end()) list.parts.push_back(name);
    if (!with_scores) continue;
    const auto own = std::ranges::find(workspace.ranking.proposals[p].candidates, item, &online::Candidate::item);
    entry.parts.emplace_back(name, own->score);
  }
}

List Recommender::recommend(const ListRequest& request) const {
  const auto snapshot = impl_->services.snapshot();
  // The blender is trained on sessions that have begun; before that popularity is all there is to go by.
  if (request.context.session.empty()) return popular(request);
  return impl_->blended(request, *snapshot);
}

List Recommender::Impl::blended(const ListRequest& request, const online::Snapshot& snapshot) const {
  const auto scorers = scorers_of(snapshot);
  Workspace& workspace = thread_workspace();
  Ranking& ranking = workspace.ranking;
  std::vector<NamedCandidate> kept;
  std::size_t per_part = std::max(services.online.blender.candidates_per_part, request.k);
  for (std::size_t attempt = 0; attempt <= kMaxDoublings; ++attempt, per_part *= 2) {
    {
      const StageMetrics::Timer timer(metrics, StageMetrics::sources);
      online::propose(scorers, request.context, per_part, ranking);
    }
    metrics.proposed(ranking.items.size());
    kept = keep(request, ranking.items);
    const bool more = std::ranges::any_of(ranking.proposals,
                                          [&](const auto& proposal) { return proposal.candidates.size() >= per_part; });
    if (kept.size() >= request.k || !more) break;
  }
  {
    const StageMetrics::Timer timer(metrics, StageMetrics::scoring);
    workspace.sources.clear();
    for (std::size_t i = 0; i < ranking.items.size(); ++i) {
      workspace.sources.find_or_insert(ranking.items[i], ranking.sources[i]);
    }
    ranking.items.clear();
    for (const NamedCandidate& candidate : kept) ranking.items.push_back(candidate.item);
    online::extract_features(scorers, request.context, ranking);
    online::blend(*snapshot.blender, ranking);
  }
  const StageMetrics::Timer timer(metrics, StageMetrics::selection);
  List list = start(snapshot, "blend");
  for (const std::size_t i : online::top_k(ranking, request.k)) {
    List::Entry entry{std::move(kept[i].name), ranking.scores[i], {}};
    explain(snapshot, workspace, kept[i].item, request.explain, list, entry);
    list.items.push_back(std::move(entry));
  }
  metrics.returned(list.items.size());
  return list;
}

List Recommender::popular(const ListRequest& request) const {
  const auto snapshot = impl_->services.snapshot();
  const auto popularity =
      std::ranges::find(snapshot->parts, "popularity", [](const auto& part) { return part->name(); });
  List list = impl_->start(*snapshot, "popularity");
  if (popularity == snapshot->parts.end()) return list;
  std::vector<online::Candidate> proposed;
  std::vector<NamedCandidate> kept;
  std::size_t count = request.k;
  for (std::size_t attempt = 0; attempt <= kMaxDoublings; ++attempt, count *= 2) {
    proposed.clear();
    {
      const StageMetrics::Timer timer(impl_->metrics, StageMetrics::sources);
      (*popularity)->propose(request.context, count, proposed);
    }
    impl_->metrics.proposed(proposed.size());
    std::vector<online::ItemIndex> items;
    for (const online::Candidate& candidate : proposed) items.push_back(candidate.item);
    kept = impl_->keep(request, items);
    if (kept.size() >= request.k || proposed.size() < count) break;
  }
  const StageMetrics::Timer timer(impl_->metrics, StageMetrics::selection);
  for (NamedCandidate& candidate : kept) {
    if (list.items.size() == request.k) break;
    const auto own = std::ranges::find(proposed, candidate.item, &online::Candidate::item);
    List::Entry entry{std::move(candidate.name), own->score, {}};
    if (request.explain) entry.parts.emplace_back("popularity", own->score);
    list.items.push_back(std::move(entry));
  }
  if (!list.items.empty()) list.parts.emplace_back("popularity");
  impl_->metrics.returned(list.items.size());
  return list;
}

List Recommender::rank(const online::Context& context, const std::vector<std::string>& items) const {
  const auto snapshot = impl_->services.snapshot();
  const auto scorers = scorers_of(*snapshot);
  Ranking& ranking = thread_workspace().ranking;
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
  {
    const StageMetrics::Timer timer(impl_->metrics, StageMetrics::scoring);
    online::extract_features(scorers, context, ranking);
    online::blend(*snapshot->blender, ranking);
  }
  const StageMetrics::Timer timer(impl_->metrics, StageMetrics::selection);
  List list = impl_->start(*snapshot, "blend");
  float least = 0;
  for (const std::size_t i : online::top_k(ranking, known.size())) {
    least = ranking.scores[i];
    list.items.push_back({std::move(known[i]), ranking.scores[i], {}});
  }
  for (std::string& name : unknown) list.items.push_back({std::move(name), least, {}});
  if (!list.items.empty()) {
    for (const Scorer* scorer : scorers) list.parts.emplace_back(scorer->name());
  }
  impl_->metrics.returned(list.items.size());
  return list;
}

std::vector<std::pair<std::string, std::vector<std::string>>> Recommender::components() const {
  std::vector<std::string> sources;
  for (const auto& part : impl_->services.snapshot()->parts) sources.emplace_back(part->name());
  return {
      {"sources", sources}, {"filters", names_of(impl_->filters)}, {"scorers", {"blend"}}, {"selectors", {"top_k"}}};
}

}  // namespace freshet::serve
