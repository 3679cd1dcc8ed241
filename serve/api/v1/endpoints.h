// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "serve/api/v1/parameters.h"
#include "serve/options.h"
#include "serve/recommend/recommender.h"
#include "serve/recommend/served_recorder.h"
#include "serve/routing/router.h"
#include "serve/services.h"

namespace freshet::serve {

/// What an endpoint may use. All of it outlives the router.
struct EndpointContext {
  const Options& options;
  const Services& services;
  const Recommender& recommender;
  ServedRecorder& recorder;
  const Parameters& parameters;

  /// The owner with a client's id, as histories and learner name it: by pseudonym, if these are on.
  Owner owner(Owner::Kind kind, const std::string& id) const { return services.pseudonyms.of(Owner{kind, id}); }
};

/// A handler that answers at once, with what `answer` returns.
template <typename Answer>
Handler immediately(Answer answer) {
  return
      [answer = std::move(answer)](const RouteRequest& request, const Respond& respond) { respond(answer(request)); };
}

void add_event_endpoints(Router& router, const EndpointContext& context);
void add_recommendation_endpoints(Router& router, const EndpointContext& context);
void add_item_endpoints(Router& router, const EndpointContext& context);
void add_owner_endpoints(Router& router, const EndpointContext& context);
void add_served_endpoints(Router& router, const EndpointContext& context);
void add_user_endpoints(Router& router, const EndpointContext& context);
void add_operation_endpoints(Router& router, const EndpointContext& context);

}  // namespace freshet::serve
