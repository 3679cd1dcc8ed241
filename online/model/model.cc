// SPDX-License-Identifier: Apache-2.0
#include "online/model/model.h"

#include <algorithm>

#include "base/check.h"
#include "base/saved_time.h"
#include "online/model/action_heads.h"
#include "online/model/blender.h"
#include "online/model/fingerprint.h"
#include "online/model/seen_ids.h"
#include "online/model/sender_limit.h"
#include "online/model/session.h"

namespace freshet::online {
namespace {

// Of save(); part of the on-disk format.
constexpr std::uint64_t kFormat = 5;
constexpr std::uint64_t kFirstWithActions = 5;
constexpr std::uint64_t kFirstWithOrder = 4;   // with items that only the catalogue names
constexpr std::uint64_t kFirstWithIdHash = 3;  // and with the sender limit
constexpr std::uint64_t kFirstWithTimeline = 2;
constexpr std::uint64_t kOldest = 1;  // of 0.1.0

std::vector<std::size_t> awake(const std::vector<std::unique_ptr<Part>>& parts) {
  std::vector<std::size_t> awake;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    if (!parts[p]->is_dormant()) awake.push_back(p);
  }
  return awake;
}

/// The live scorers of some parts.
std::vector<const Scorer*> live(const std::vector<std::unique_ptr<Part>>& parts,
                                const std::vector<std::size_t>& which) {
  std::vector<const Scorer*> scorers;
  for (const std::size_t p : which) scorers.push_back(&parts[p]->live());
  return scorers;
}

// Columns of the parts' own scores.
std::vector<std::size_t> own_columns(const std::vector<const Scorer*>& scorers) {
  std::vector<std::size_t> columns;
  std::size_t column = 0;
  for (const Scorer* scorer : scorers) {
    columns.push_back(column);
    column += scorer->features().size();
  }
  return columns;
}

/// What the model takes from an event, beside scoring it.
enum class Takes { everything, session, nothing };

}  // namespace

struct Model::Impl {
  Impl(const Options& the_options, std::vector<std::unique_ptr<Part>> the_parts, const IdHash& the_ids)
      : options(the_options),
        parts(std::move(the_parts)),
        ranked(awake(parts)),
        scorers(live(parts, ranked)),
        ids(the_ids),
        sender_limit(options.sender_limit),
        vocabulary(options.max_items, options.max_name_bytes, &sender_limit),
        sessions(options),
        seen(options.dedupe_ids),
        validation(parts.size() + 1),
        blender(feature_names(scorers).size(), own_columns(scorers), options.blender, options.seed),
        heads(options.blender, feature_names(scorers).size(), options.seed) {}

  void erase(const Event& event);
  void forget(ItemIndex item);
  void describe(const Event& event);
  void wake(std::size_t part);
  void wake_all();
  /// Indices of the parts that are not dormant, and of the blend.
  std::vector<std::size_t> measured() const;
  /// Of its session (without one: of its user), and of its user.
  std::pair<OwnerKey, OwnerKey> keys_of(const Event& event) const;
  void act(const Event& event, const ActionHeads::Arrival& at);
  void act_only(const Event& event, Timestamp time);
  void score(const Context& before, const ActionHeads::Arrival& arrival, float weight, bool learns);
  void rank_candidates(std::size_t target);
  void test_then_train(const Event& event, const SenderId& sender, Timestamp time, float weight, bool scores,
                       Takes takes);

  const Options options;
  std::vector<std::unique_ptr<Part>> parts;
  std::vector<std::size_t> ranked;     // indices of the parts that are not dormant
  std::vector<const Scorer*> scorers;  // theirs
  IdHash ids;
  SenderLimit sender_limit;
  Vocabulary vocabulary;  // uses sender_limit
  SessionTracker sessions;
  SeenIds seen;
  ProgressiveValidation validation;
  Blender blender;
  ActionHeads heads;
  Timestamp stream_time{};
  Timeline timeline;
  std::uint64_t events = 0;
  std::uint64_t limited = 0;
  std::uint64_t snapshots = 0;
  Ranking ranking;  // reused
  Outcome outcome;
};

Model::Model(const Options& options, std::vector<std::unique_ptr<Part>> parts, const IdHash& ids)
    : impl_(std::make_unique<Impl>(options, std::move(parts), ids)) {}
Model::~Model() = default;

void Model::Impl::erase(const Event& event) {
  for (const auto& [kind, id] : {std::pair{Owner::Kind::user, &event.user}, {Owner::Kind::session, &event.session}}) {
    if (id->empty()) continue;
    const OwnerKey key = ids.owner(kind, *id);
    sessions.erase(key);
    heads.erase(key);
    for (const auto& part : parts) part->erase(key);
  }
}

std::pair<OwnerKey, OwnerKey> Model::Impl::keys_of(const Event& event) const {
  const OwnerKey user = ids.user(event.user);
  return {event.session.empty() ? user : ids.owner(Owner::Kind::session, event.session), user};
}

/// The item has left the vocabulary.
void Model::Impl::forget(ItemIndex item) {
  sessions.forget_item(item);
  for (const auto& part : parts) part->forget_item(item);
}

void Model::Impl::describe(const Event& event) {
  const ItemChange& change = *event.change;
  ItemIndex item = kNoItem;
  switch (change.kind) {
    case ItemChange::Kind::put: {
      const Vocabulary::Observed listed = vocabulary.list(event.item, event.time);
      for (const ItemIndex forgotten : listed.forgotten) forget(forgotten);
      item = listed.item;
      break;
    }
    case ItemChange::Kind::patch: item = vocabulary.find(event.item); break;
    case ItemChange::Kind::remove:
      if (const ItemIndex unseen = vocabulary.unlist(event.item); unseen != kNoItem) return forget(unseen);
      item = vocabulary.find(event.item);
      break;
  }
  if (item == kNoItem) return;
  for (const auto& part : parts) part->describe(item, change);
  if (ranked.size() < parts.size() && awake(parts).size() > ranked.size()) wake_all();
}

/// The part takes part in rankings from now on.
void Model::Impl::wake(std::size_t part) {
  const auto at = std::ranges::lower_bound(ranked, part);
  std::size_t column = 0;
  for (auto before = ranked.begin(); before != at; ++before) column += parts[*before]->live().features().size();
  ranked.insert(at, part);
  scorers = live(parts, ranked);
  blender.insert(column, parts[part]->live().features().size());
  heads.insert(column, parts[part]->live().features().size());
}

void Model::Impl::wake_all() {
  for (std::size_t part = 0; part < parts.size(); ++part) {
    if (!std::ranges::binary_search(ranked, part)) wake(part);
  }
}

std::vector<std::size_t> Model::Impl::measured() const {
  std::vector<std::size_t> measured = ranked;
  measured.push_back(parts.size());
  return measured;
}

/// Blends the candidates, by value if it is configured, and notes the target's rank.
void Model::Impl::rank_candidates(std::size_t target) {
  const Worths worths(heads.weights(), options.values);
  if (worths.heads.empty()) {
    blend(blender.weights(), ranking);
    ranking.log_odds = ranking.scores;
  } else {
    blend_by_value(blender.weights(), heads.weights(), worths, std::nullopt, ranking);
  }
  const float score = ranking.scores[target];
  std::size_t ahead = 0;
  for (std::size_t i = 0; i < ranking.scores.size(); ++i) {
    ahead += ranking.scores[i] > score || (ranking.scores[i] == score && i < target) ? 1 : 0;
  }
  outcome.ranks.back() = ahead + 1;
}

// The item arrived at, the target, is kNoItem if it is not in the vocabulary: no part can have ranked it.
void Model::Impl::score(const Context& before, const ActionHeads::Arrival& arrival, float weight, bool learns) {
  const ItemIndex target = arrival.item;
  outcome.scored = true;
  outcome.unseen_target = target == kNoItem;
  outcome.ranks.assign(parts.size() + 1, std::nullopt);
  ranking.scores.clear();
  if (target != kNoItem) {
    ask(scorers, before, ranking);
    propose(scorers, options.blender.candidates_per_part, nullptr, ranking);
    for (std::size_t s = 0; s < ranked.size(); ++s) {
      const auto& candidates = ranking.proposals[s].candidates;
      const auto at = std::ranges::find(candidates, target, &Candidate::item);
      if (at != candidates.end()) outcome.ranks[ranked[s]] = static_cast<std::size_t>(at - candidates.begin()) + 1;
    }
    const auto at = std::ranges::find(ranking.items, target);
    // A target that no part proposed is a miss of the blend, which learns nothing from it.
    if (at != ranking.items.end()) {
      const auto row = static_cast<std::size_t>(at - ranking.items.begin());
      extract_features(scorers, ranking);
      rank_candidates(row);
      if (learns) {
        blender.learn(ranking.features, ranking.log_odds, row, weight);
        heads.remember(arrival, blender, ranking.features, row);
      }
    }
  }
  if (!learns) return;
  for (const std::size_t p : measured()) validation.record(p, outcome.ranks[p]);
}

/// The action that the event is, if it is one, happens to the item that its session is at.
void Model::Impl::act(const Event& event, const ActionHeads::Arrival& at) {
  const auto action = heads.weights().find(options.type_of(event.type));
  if (action) heads.act(*action, at, static_cast<double>(event.value), options.session_gap, blender.weights());
}

/// Of an event that is not learned otherwise. A dislike says something of the list that led to the item, a rating of too
/// low a value nothing.
void Model::Impl::act_only(const Event& event, Timestamp time) {
  if (!heads.weights().find(options.type_of(event.type)) || options.weight_of(event.type) > 0) return;
  const auto [session, user] = keys_of(event);
  act(event, {session, user, vocabulary.find(event.item), time});
}

/// `time`: the event's place in the timeline.
void Model::Impl::test_then_train(const Event& event, const SenderId& sender, Timestamp time, float weight, bool scores,
                                  Takes takes) {
  const auto [session_key, user_key] = keys_of(event);
  const Context& before = sessions.before(session_key, user_key, time);
  Interaction interaction{.item = vocabulary.find(event.item),
                          .weight = weight,
                          .time = time,
                          .opens_session = before.session.empty(),
                          .session_key = session_key,
                          .user_key = user_key,
                          .user = event.user};
  const bool known = interaction.item != kNoItem;
  const bool repeat = known && interaction.item == before.last_item();
  const bool learns = takes == Takes::everything;
  const ActionHeads::Arrival arrival{session_key, user_key, interaction.item, time};
  if (learns && !repeat) heads.forget(session_key);
  if (scores && !repeat && !before.session.empty()) score(before, arrival, weight, learns);
  if (takes == Takes::session && known) sessions.append(interaction);
  if (!learns) return;
  act(event, arrival);

  const Vocabulary::Observed observed = vocabulary.observe(event.item, time, sender);
  for (const ItemIndex item : observed.forgotten) {
    forget(item);
    interaction.opens_session = before.session.empty();  // it may have held only the item that was forgotten
  }
  interaction.item = observed.item;
  if (!repeat) {
    for (const auto& part : parts) part->observe(before, interaction);
  }
  sessions.append(interaction);
}

const Model::Outcome& Model::test(const Event& event) {
  Impl& m = *impl_;
  m.outcome = {};
  const double weight = m.options.weight_of(event);
  if (event.kind == EventKind::interaction && weight > 0) {
    m.test_then_train(event, {}, m.timeline.of(event.time), static_cast<float>(weight), true, Takes::session);
  }
  return m.outcome;
}

const Ranking& Model::ranking() const { return impl_->ranking; }

const Model::Outcome& Model::learn(const Event& event, Timestamp arrival, Scores scores) {
  Impl& m = *impl_;
  m.outcome.scored = false;
  m.outcome.unseen_target = false;
  m.outcome.ranks.clear();
  if (event.kind == EventKind::served) return m.outcome;
  ++m.events;
  if (event.kind == EventKind::erase) {
    m.erase(event);
    return m.outcome;
  }
  if (event.kind == EventKind::item) {
    m.describe(event);
    return m.outcome;
  }
  if (!event.consent) return m.outcome;
  if (!event.id.empty() && !m.seen.insert(m.ids.event(dedupe_key(event)))) return m.outcome;
  m.stream_time = std::max(m.stream_time, event.time);
  const Timestamp time = m.timeline.place(event.time);
  const double weight = m.options.weight_of(event);
  if (weight <= 0) {
    m.act_only(event, time);
    return m.outcome;
  }
  // What is said of items that are not admitted does not count as sent: a flood of them makes nobody a part of the
  // site.
  const SenderId sender = m.sender_limit.sender_of(m.ids, event.sender);
  const bool admitted = m.vocabulary.admits(event.item, sender) &&
                        m.sender_limit.admits(m.ids, sender, event.item, weight, arrival, m.vocabulary.size());
  if (!admitted) ++m.limited;
  const bool scored = scores == Scores::all || (scores == Scores::learned && admitted);
  m.test_then_train(event, sender, time, static_cast<float>(weight), scored,
                    admitted ? Takes::everything : Takes::nothing);
  return m.outcome;
}

std::shared_ptr<const Snapshot> Model::publish(Timestamp wall_clock) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->version = ++impl_->snapshots;
  snapshot->published = wall_clock;
  snapshot->stream_time = impl_->stream_time;
  snapshot->timeline = impl_->timeline;
  snapshot->ids = impl_->ids;
  for (const std::size_t part : impl_->ranked) snapshot->parts.push_back(impl_->parts[part]->publish());
  snapshot->blender = impl_->blender.publish();
  snapshot->actions = impl_->heads.publish();
  return snapshot;
}

std::span<const std::size_t> Model::ranked_parts() const { return impl_->ranked; }
const Vocabulary& Model::vocabulary() const { return impl_->vocabulary; }
Timestamp Model::stream_time() const { return impl_->stream_time; }
std::uint64_t Model::events_learned() const { return impl_->events; }
std::uint64_t Model::events_limited() const { return impl_->limited; }
Quality Model::quality(std::size_t part) const { return impl_->validation.quality(part); }

std::vector<std::string> Model::part_names() const {
  std::vector<std::string> names;
  for (const auto& part : impl_->parts) names.emplace_back(part->live().name());
  names.emplace_back("blend");
  return names;
}

std::vector<std::pair<std::string, std::vector<Diagnostic>>> Model::diagnostics() const {
  std::vector<std::pair<std::string, std::vector<Diagnostic>>> diagnostics;
  for (const auto& part : impl_->parts) {
    if (auto reported = part->diagnostics(); !reported.empty()) {
      diagnostics.emplace_back(part->live().name(), std::move(reported));
    }
  }
  return diagnostics;
}

std::vector<std::pair<std::string, Calibration>> Model::calibration() const {
  std::vector<std::pair<std::string, Calibration>> calibrations;
  for (const auto& part : impl_->parts) {
    if (const auto calibration = calibration_in(part->diagnostics())) {
      calibrations.emplace_back(part->live().name(), *calibration);
    }
  }
  return calibrations;
}

std::vector<std::pair<std::string, std::size_t>> Model::memory_bytes() const {
  std::vector<std::pair<std::string, std::size_t>> bytes;
  for (const auto& part : impl_->parts) bytes.emplace_back(part->live().name(), part->memory_bytes());
  bytes.emplace_back("blender", impl_->blender.memory_bytes() + impl_->heads.memory_bytes());
  bytes.emplace_back("vocabulary", impl_->vocabulary.memory_bytes());
  bytes.emplace_back("sessions", impl_->sessions.memory_bytes());
  bytes.emplace_back("event_ids", impl_->seen.memory_bytes());
  bytes.emplace_back("senders", impl_->sender_limit.memory_bytes());
  return bytes;
}

void Model::save(ByteWriter& out) const {
  const Impl& m = *impl_;
  out.varint(kFormat);
  out.string(fingerprint(m.options, m.scorers));
  out.fixed(to_ms(m.stream_time));
  m.timeline.save(out);
  m.ids.save(out);
  out.varint(m.events);
  m.vocabulary.save(out);
  m.sessions.save(out);
  m.seen.save(out);
  m.validation.save(out, m.measured());
  m.blender.save(out);
  for (const std::size_t part : m.ranked) m.parts[part]->save(out);
  m.sender_limit.save(out);
  m.vocabulary.save_order(out);
  m.heads.save(out);
}

Result<void> Model::load(ByteReader& in) {
  Impl& m = *impl_;
  const std::uint64_t format = in.varint();
  if (format < kOldest || format > kFormat) {
    return Error{Errc::invalid, "model: another version's format"};
  }
  // A state of before there was a catalogue has nothing of the parts that wait for one.
  const std::string_view saved_with = in.string();
  if (saved_with != fingerprint(m.options, m.scorers)) m.wake_all();
  if (saved_with != fingerprint(m.options, m.scorers)) {
    return Error{Errc::invalid, "model: saved with other parts or other [online] options"};
  }
  m.stream_time = timestamp_from_ms(read_time_ms(in));
  m.timeline = Timeline::at(m.stream_time);
  if (format >= kFirstWithTimeline) m.timeline.load(in);
  m.ids = IdHash::without_key();
  if (format >= kFirstWithIdHash) m.ids.load(in);
  m.events = in.varint();
  if (auto loaded = m.vocabulary.load(in); !loaded) return loaded;
  if (auto loaded = m.sessions.load(in); !loaded) return loaded;
  if (auto loaded = m.seen.load(in); !loaded) return loaded;
  if (auto loaded = m.validation.load(in, m.measured()); !loaded) return loaded;
  if (auto loaded = m.blender.load(in); !loaded) return loaded;
  for (const std::size_t part : m.ranked) {
    if (auto loaded = m.parts[part]->load(in); !loaded) return loaded;
  }
  if (format >= kFirstWithIdHash) {
    if (auto loaded = m.sender_limit.load(in); !loaded) return loaded;
  }
  if (format >= kFirstWithOrder) {
    if (auto loaded = m.vocabulary.load_order(in); !loaded) return loaded;
  }
  if (format >= kFirstWithActions) {
    if (auto loaded = m.heads.load(in); !loaded) return loaded;
  }
  if (!in.ok() || !in.at_end()) return Error{Errc::corrupt, "model: not a saved state"};
  return {};
}

}  // namespace freshet::online
