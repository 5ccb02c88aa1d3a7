"""
What the three functions share: rules, and boundaries to services.

Rules take values and return values:

* ``connect_request``, ``frames``                 what clients send
* ``invocations``, ``published``                  what backends and operators send
* ``members``                                     how the members of all that is sent are read
* ``event_kinds``                                 who of them sent it
* ``replies``, ``envelope``                       what they receive
* ``strict_json``, ``message_ids``                how frames are written
* ``connection``, ``sessions``                    who is connected, and who may send to which session
* ``rate``                                        how fast a connection may send
* ``errors``, ``answers``                         refusals, and how a handler answers them
* ``advice``                                      what log lines advise an operator to check
* ``settings``, ``version``                       what a function knows when it starts; then ``variables``,
                                                  ``provider_settings``
* ``auth.authentication``                         which mode of authentication is on; then ``auth.identity``,
                                                  ``auth.tokens``, ``auth.signatures``, ``auth.signing_key``
* ``auth.provider_tokens``                        tokens of an identity provider; then
                                                  ``auth.provider_keys``, ``auth.jwks``
* ``auth.freshness``                              when keys that were read from elsewhere are read again
* ``auth.origins``                                which pages may connect

Boundaries know one service each:

* ``connections``, with ``connection_requests``, ``items`` and ``dynamodb``   DynamoDB
* ``auth.signing_secret``                                                    Secrets Manager
* ``auth.jwks_url``                                                          the keys of an identity provider
* ``connections_api``                                                        ``@connections``, when a session is full
* ``asking``                                                                 all four: repetition and deadlines
* ``log``, ``metrics``                                                       CloudWatch

``ghosts`` uses two of them: it removes the rows of closed connections from a full session.

The package ``delivery``, next to the function that sends, delivers messages. It asks the same API and DynamoDB with an
HTTP engine of its own. The package ``history`` beside it stores messages and finds them again. The package ``callers``
uses both of them for each caller of that function.

"""
