"""Single sign-on by OpenID Connect: who somebody is, another provider says; what they may, this installation does."""
