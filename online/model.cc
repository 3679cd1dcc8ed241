#include "online/model.h"

#include <algorithm>
#include <unordered_set>

#include "online/blender.h"
#include "online/random.h"
#include "online/session.h"

namespace freshet::online {
namespace {

constexpr std::uint32_t kStateVersion = 1;

/// The newest event ids, so that a producer's repeat is learned once. Bounded; the oldest is forgotten.
class RecentIds {
 public:
  explicit RecentIds(std::size_t capacity) : capacity_(capacity) {}

  /// False if `id` is already known.
  bool insert(std::string_view id) {
    const std::uint64_t hash = owner_key(Owner::Kind::user, id);
    if (!known_.insert(hash).second) return false;
    if (ring_.size() < capacity_) {
      ring_.push_back(hash);
    } else {
      known_.erase(ring_[next_]);
      ring_[next_] = hash;
      next_ = (next_ + 1) % capacity_;
    }
    return true;
  }

  void save(ByteWriter& out) const {
    out.array(std::span<const std::uint64_t>(ring_));
    out.varint(next_);
  }

  bool load(ByteReader& in) {
    ring_ = in.array<std::uint64_t>();
    next_ = in.varint();
    known_ = {ring_.begin(), ring_.end()};
    return in.ok() && ring_.size() <= capacity_ && (next_ == 0 || next_ < ring_.size());
  }

  std::size_t memory_bytes() const { return ring_.capacity() * 8 + known_.size() * 24; }

 private:
  std::size_t capacity_;
  std::vector<std::uint64_t> ring_;
  std::size_t next_ = 0;
  std::unordered_set<std::uint64_t> known_;
};

}  // namespace

struct Model::Impl {
  Impl(const Options& the_options, std::vector<std::unique_ptr<Part>> the_parts)
      : options(the_options),
        parts(std::move(the_parts)),
        vocabulary(options.max_items),
        sessions(options),
        recent_ids(options.dedupe_ids),
        validation(parts.size() + 1) {
    for (const auto& part : parts) scorers.push_back(&part->live());
    std::vector<std::size_t> own_columns;
    std::size_t column = 0;
    for (const Scorer* scorer : scorers) {
      own_columns.push_back(column);
      column += scorer->features().size();
    }
    blender = std::make_unique<Blender>(column, own_columns, options.blender, options.seed);
  }

  void erase(const Event& event);
  void score(const Context& context, const Event& event, float weight);
  std::string fingerprint() const;

  const Options options;
  std::vector<std::unique_ptr<Part>> parts;
  std::vector<const Scorer*> scorers;  // the parts' live views
  Vocabulary vocabulary;
  SessionTracker sessions;
  RecentIds recent_ids;
  std::unique_ptr<Blender> blender;
  ProgressiveValidation validation;
  Timestamp stream_time{};
  std::uint64_t events_learned = 0;
  std::uint64_t version = 0;

  Ranking ranking;
  Outcome outcome;
};

Model::Model(const Options& options, std::vector<std::unique_ptr<Part>> parts)
    : impl_(std::make_unique<Impl>(options, std::move(parts))) {}

Model::~Model() = default;

void Model::Impl::erase(const Event& event) {
  const auto forget = [&](Owner::Kind kind, const std::string& id) {
    if (id.empty()) return;
    const std::uint64_t key = owner_key(kind, id);
    sessions.erase(key);
    for (const auto& part : parts) part->erase(key);
  };
  forget(Owner::Kind::user, event.user);
  forget(Owner::Kind::session, event.session);
}

/// Test: ranks the event against everything known before it; then trains the blender on the candidates just ranked.
void Model::Impl::score(const Context& context, const Event& event, float weight) {
  propose(scorers, context, options.blender.candidates_per_part, ranking);
  extract_features(scorers, context, ranking);
  blend(blender->weights(), ranking);

  const ItemIndex target = vocabulary.find(event.item);
  outcome.scored = true;
  outcome.unseen_target = target == kNoItem;
  outcome.ranks.assign(parts.size() + 1, std::nullopt);
  const std::uint32_t slot = target == kNoItem ? ItemMap::kAbsent : ranking.slots.find(target);
  if (slot != ItemMap::kAbsent) {
    for (std::size_t p = 0; p < parts.size(); ++p) {
      const auto found = std::ranges::find(ranking.proposals[p], target, &Candidate::item);
      if (found != ranking.proposals[p].end()) {
        outcome.ranks[p] = static_cast<std::size_t>(found - ranking.proposals[p].begin()) + 1;
      }
    }
    std::size_t better = 0;
    for (std::size_t i = 0; i < ranking.scores.size(); ++i) {
      better += ranking.scores[i] > ranking.scores[slot] || (ranking.scores[i] == ranking.scores[slot] && i < slot);
    }
    outcome.ranks.back() = better + 1;
    blender->learn(ranking.features, ranking.scores, slot, weight);
  }
  for (std::size_t p = 0; p < outcome.ranks.size(); ++p) validation.record(p, outcome.ranks[p]);
}

const Model::Outcome& Model::learn(const Event& event) {
  Impl& model = *impl_;
  model.outcome.scored = model.outcome.unseen_target = false;
  model.outcome.ranks.clear();
  ++model.events_learned;
  if (event.kind == EventKind::erase) {
    model.erase(event);
    return model.outcome;
  }
  if (!event.id.empty() && !model.recent_ids.insert(event.id)) return model.outcome;
  const auto found = model.options.type_weights.find(event.type);
  const float weight = found == model.options.type_weights.end() ? 0.0F : static_cast<float>(found->second);
  if (weight <= 0) return model.outcome;
  model.stream_time = std::max(model.stream_time, event.time);

  Interaction interaction;
  interaction.weight = weight;
  interaction.time = event.time;
  interaction.user_key = event.user.empty() ? 0 : owner_key(Owner::Kind::user, event.user);
  interaction.session_key =
      event.session.empty() ? interaction.user_key : owner_key(Owner::Kind::session, event.session);

  const Context& context = model.sessions.before(interaction.session_key, event.time);
  interaction.opens_session = context.session.empty();
  if (!interaction.opens_session) {
    // A repeat of the session's last item is no transition: neither scored nor learned.
    if (model.vocabulary.find(event.item) == context.last_item()) return model.outcome;
    model.score(context, event, weight);
  }

  const Vocabulary::Observed observed = model.vocabulary.observe(event.item, event.time);
  if (observed.recycled) {
    for (const auto& part : model.parts) part->forget_item(observed.item);
    model.sessions.forget_item(observed.item);
    interaction.opens_session = context.session.empty();
  }
  interaction.item = observed.item;
  for (const auto& part : model.parts) part->observe(context, interaction);
  model.sessions.append(interaction.session_key, {observed.item, event.time});
  return model.outcome;
}

std::shared_ptr<const Snapshot> Model::publish(Timestamp wall_clock) {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->version = ++impl_->version;
  snapshot->published = wall_clock;
  snapshot->stream_time = impl_->stream_time;
  for (const auto& part : impl_->parts) snapshot->parts.push_back(part->publish());
  snapshot->blender = impl_->blender->publish();
  return snapshot;
}

const Vocabulary& Model::vocabulary() const { return impl_->vocabulary; }
Timestamp Model::stream_time() const { return impl_->stream_time; }
std::uint64_t Model::events_learned() const { return impl_->events_learned; }

std::vector<std::string> Model::part_names() const {
  std::vector<std::string> names;
  for (const Scorer* scorer : impl_->scorers) names.emplace_back(scorer->name());
  names.emplace_back("blend");
  return names;
}

Quality Model::quality(std::size_t part) const { return impl_->validation.quality(part); }

std::vector<std::pair<std::string, std::size_t>> Model::memory_bytes() const {
  std::vector<std::pair<std::string, std::size_t>> bytes;
  for (std::size_t p = 0; p < impl_->parts.size(); ++p) {
    bytes.emplace_back(impl_->scorers[p]->name(), impl_->parts[p]->memory_bytes());
  }
  bytes.emplace_back("blender", impl_->blender->memory_bytes());
  bytes.emplace_back("vocabulary", impl_->vocabulary.memory_bytes());
  bytes.emplace_back("open_sessions", impl_->sessions.memory_bytes());
  bytes.emplace_back("recent_ids", impl_->recent_ids.memory_bytes());
  return bytes;
}

/// What a checkpoint must have been made with to be continued: the parts, their features, and the limits of the indexes.
std::string Model::Impl::fingerprint() const {
  std::string text;
  for (const std::string& name : feature_names(scorers)) text += name + ";";
  for (const std::size_t size : {options.max_items, options.max_session_items, options.session_knn.max_sessions,
                                 options.session_knn.max_sessions_per_item, options.covisitation.max_neighbours,
                                 options.blender.hidden_units, options.lstm.dimension, options.lstm.max_items}) {
    text += std::to_string(size) + ";";
  }
  return text;
}

void Model::save(ByteWriter& out) const {
  out.fixed(kStateVersion);
  out.string(impl_->fingerprint());
  out.fixed(impl_->events_learned);
  out.fixed(impl_->version);
  out.fixed(to_ms(impl_->stream_time));
  impl_->vocabulary.save(out);
  impl_->sessions.save(out);
  impl_->recent_ids.save(out);
  impl_->validation.save(out);
  impl_->blender->save(out);
  for (const auto& part : impl_->parts) part->save(out);
}

Result<void> Model::load(ByteReader& in) {
  if (in.fixed<std::uint32_t>() != kStateVersion) return Error{Errc::invalid, "made by another version of the model"};
  if (in.string() != impl_->fingerprint()) return Error{Errc::invalid, "made with other parts or limits"};
  impl_->events_learned = in.fixed<std::uint64_t>();
  impl_->version = in.fixed<std::uint64_t>();
  impl_->stream_time = timestamp_from_ms(in.fixed<std::int64_t>());
  if (auto loaded = impl_->vocabulary.load(in); !loaded) return loaded;
  if (auto loaded = impl_->sessions.load(in); !loaded) return loaded;
  if (!impl_->recent_ids.load(in)) return Error{Errc::corrupt, "recent ids: damaged"};
  if (auto loaded = impl_->validation.load(in); !loaded) return loaded;
  if (auto loaded = impl_->blender->load(in); !loaded) return loaded;
  for (const auto& part : impl_->parts) {
    if (auto loaded = part->load(in); !loaded) return loaded;
  }
  if (!in.ok() || !in.at_end()) return Error{Errc::corrupt, "more or fewer bytes than expected"};
  return {};
}

}  // namespace freshet::online
