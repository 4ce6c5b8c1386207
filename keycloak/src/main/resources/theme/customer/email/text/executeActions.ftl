<#ftl output_format="plainText">
<#-- As Keycloak's own, but with an "and" before the last of what is to be done. -->
<#assign actionsText><#list requiredActions![] as action>${msg("requiredAction.${action}")}<#sep><#if action?index == requiredActions?size - 2> ${msg("listAnd")} <#else>, </#if></#sep></#list></#assign>
${msg("executeActionsBody", link, linkExpiration, realmName, actionsText, linkExpirationFormatter(linkExpiration))}
