// SPDX-License-Identifier: Apache-2.0
#include "serve/api/api.h"

#include <string>
#include <utility>

#include "serve/access/browser_rules.h"
#include "serve/api/v1/endpoints.h"
#include "serve/api/v1/schemas.h"
#include "serve/recommend/recommender.h"
#include "serve/routing/openapi.h"
#include "serve/routing/schema.h"

namespace freshet::serve {

struct Api::Impl {
  Impl(const Options& the_options, const Services& the_services)
      : options(the_options),
        services(the_services),
        recommender(services, {.share = options.explore_share}),
        recorder(services),
        access(options.keys_file, services.metrics),
        browsers(options),
        audit(options.audit),
        parameters(options),
        router(access, browsers, audit, services.metrics) {
    const EndpointContext context{options, services, recommender, recorder, parameters};
    add_event_endpoints(router, context);
    add_recommendation_endpoints(router, context);
    add_item_endpoints(router, context);
    add_owner_endpoints(router, context);
    add_served_endpoints(router, context);
    add_user_endpoints(router, context);
    add_operation_endpoints(router, context);
    router.add({.method = "GET",
                .path = "/openapi.json",
                .operation = "openapi",
                .tag = "operations",
                .summary = "Get this document",
                .responses = {{200, "OpenAPI 3.0.", schema::object({}), ""}},
                .problems = {503},
                .handler = immediately([this](const RouteRequest&) {
                  ApiResponse response;
                  response.body = openapi;
                  return response;
                })});
    openapi = openapi_document(router.routes(), schemas(options, parameters), FRESHET_VERSION);
  }

  const Options options;
  const Services services;
  Recommender recommender;
  ServedRecorder recorder;
  AccessControl access;
  BrowserRules browsers;
  AuditLog audit;
  const Parameters parameters;
  Router router;
  std::string openapi;  // the document of all routes, made once
};

Api::Api(const Options& options, const Services& services) : impl_(std::make_unique<Impl>(options, services)) {}
Api::~Api() = default;

Router::Match Api::match(const ApiRequest& request) const { return impl_->router.match(request); }

std::shared_ptr<LineIntake> Api::take_lines(Router::Match& match, const ApiRequest& request) const {
  return impl_->router.take_lines(match, request);
}

void Api::handle(Router::Match match, const ApiRequest& request, Respond respond) const {
  impl_->router.handle(std::move(match), request, std::move(respond));
}

Result<void> Api::reload_keys() { return impl_->access.reload(); }
Result<void> Api::reopen_audit() { return impl_->audit.reopen(); }

}  // namespace freshet::serve
